"""What clinics do when something happens elsewhere."""

from __future__ import annotations

from typing import Any

from django.core.cache import cache
from django.db import transaction
from django.db.models.signals import post_save
from django.dispatch import receiver

from saas.networks.actions import NetworkProfile
from saas.networks.context import NetworkRef, current_schema, network_context
from saas.networks.signals import network_provisioned
from tenants.clinics.models import Organisation
from tenants.clinics.selectors import ORGANISATION_KEY


@receiver(network_provisioned)
def create_organisation(*, network: NetworkRef, profile: NetworkProfile, **_kwargs: Any) -> None:
    """Write the network's profile from what the owner said at sign-up."""
    Organisation.objects.update_or_create(
        pk=1,
        defaults={
            "name": profile.name,
            "language": profile.language,
            "country": profile.country,
            "currency": profile.currency,
        },
    )


@receiver(post_save, sender=Organisation)
def forget_organisation(**_kwargs: Any) -> None:
    """Forget the cached profile now, for this transaction, and after the commit, for readers meanwhile."""
    schema_name = current_schema()
    cache.delete(ORGANISATION_KEY)

    def forget() -> None:
        with network_context(schema_name):
            cache.delete(ORGANISATION_KEY)

    transaction.on_commit(forget)
