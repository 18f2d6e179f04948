"""Reads of clinics and of the network's profile."""

from __future__ import annotations

from typing import Final

from django.core.cache import cache

from tenants.clinics.models import Organisation

ORGANISATION_KEY: Final = "clinics:organisation"
_ORGANISATION_SECONDS: Final = 300


def organisation() -> Organisation:
    """Return the network's profile, from the network's cache; saving a profile forgets the cached one.

    Raises Organisation.DoesNotExist in a schema that was never provisioned.
    """
    found: Organisation | None = cache.get(ORGANISATION_KEY)
    if found is None:
        found = Organisation.objects.get(pk=1)
        cache.set(ORGANISATION_KEY, found, _ORGANISATION_SECONDS)
    return found
