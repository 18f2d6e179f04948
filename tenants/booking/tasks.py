"""Housekeeping of bookings. Nothing depends on it: an expired hold is ignored by the database's clock anyway."""

from datetime import timedelta
from typing import Final

import structlog
from django.db import DatabaseError
from django.db.models.functions import Now

from saas.networks.context import network_context
from saas.networks.directory import primary_host
from saas.networks.lifecycle import working_states
from saas.networks.models import Network
from saas.networks.tasks import public_task
from tenants.booking.models import Claim, ClaimKind, IdempotencyKey
from tenants.outbox.actions import forget_old_events

logger = structlog.get_logger(__name__)

KEY_LIFE: Final = timedelta(hours=48)
"""Longer than the 24 hours that callers are promised."""


@public_task(name="tenants.booking.tasks.tidy_all")
def tidy_all() -> None:
    """Tidy every working network. One that fails is reported and does not stop the others."""
    for network in Network.objects.filter(state__in=working_states()).iterator(chunk_size=200):
        try:
            with network_context(network.ref(primary_host=primary_host(network))):
                tidy()
        except DatabaseError:
            logger.exception("booking_tidy_failed", schema=network.schema_name)


def tidy() -> None:
    """Release expired holds, drop old idempotency keys and old messages of the entered network."""
    Claim.objects.filter(active=True, kind=ClaimKind.HOLD, expires_at__lte=Now()).update(active=False)
    IdempotencyKey.objects.filter(created_at__lt=Now() - KEY_LIFE).delete()
    forget_old_events()
