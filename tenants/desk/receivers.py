"""What the desk does when something happens elsewhere."""

from typing import Any

from allauth.account.models import EmailAddress
from django.dispatch import receiver

from saas.accounts.actions import create_person
from saas.accounts.roles import Role
from saas.networks.actions import NetworkProfile
from saas.networks.signals import network_provisioned


@receiver(network_provisioned, dispatch_uid="desk.create_owner")
def create_owner(*, profile: NetworkProfile, **_kwargs: Any) -> None:
    """Give the network its first user: the owner, who comes in by hand-over and may set a password by reset."""
    owner = create_person(
        email=profile.owner_email.lower(),
        role=Role.OWNER,
        first_name=profile.owner_first_name,
        last_name=profile.owner_last_name,
        language=profile.language,
    )
    EmailAddress.objects.create(user=owner, email=owner.email, verified=True, primary=True)
