"""Housekeeping of bookings. Nothing depends on it: an expired hold is ignored by the database's clock anyway."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

import structlog
from django.db import DatabaseError, connection
from django.db.models.functions import Now
from django.utils import timezone
from kombu.exceptions import OperationalError as BrokerError

from saas.networks.context import network_context
from saas.networks.directory import primary_host
from saas.networks.lifecycle import working_states
from saas.networks.models import Network
from saas.networks.tasks import network_task, public_task
from tenants.booking.actions.approving import expire_approvals
from tenants.booking.actions.holding import sweep_holds
from tenants.booking.actions.rebooking import expire_proposals
from tenants.booking.actions.waitlist import expire_entries, expire_offers
from tenants.booking.models import IdempotencyKey
from tenants.outbox.actions import forget_old_events

logger = structlog.get_logger(__name__)

KEY_LIFE: Final = timedelta(hours=48)
"""Longer than the 24 hours that callers are promised."""

SCHEMAS_PER_QUERY: Final = 100


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
    """End what nobody answered in time, drop old idempotency keys and old messages of the entered network."""
    end_overdue(now=timezone.now())
    IdempotencyKey.objects.filter(created_at__lt=Now() - KEY_LIFE).delete()
    forget_old_events()


@public_task(name="tenants.booking.tasks.end_overdue_all")
def end_overdue_all() -> None:
    """Find the networks with something overdue, in few queries, and nudge each."""
    schemas = (
        Network.objects.filter(state__in=working_states())
        .order_by("pk")
        .values_list("schema_name", flat=True)
    )
    for schema_name in _with_overdue(list(schemas)):
        try:
            end_overdue_in.apply_async(args=(schema_name,), retry=False)
        except BrokerError:
            logger.warning("booking_nudge_lost", schema=schema_name)
            return  # the next round finds the same


@network_task(name="tenants.booking.tasks.end_overdue_in")
def end_overdue_in(schema_name: str) -> None:
    """End what nobody answered in time in one network."""
    end_overdue(now=timezone.now())


def end_overdue(*, now: datetime) -> None:
    """End offers, proposals, requests, entries and holds whose time is over. Offers first: their holds go with them."""
    expire_offers(now=now)
    expire_proposals(now=now)
    expire_approvals(now=now)
    expire_entries(now=now)
    sweep_holds()


def _with_overdue(schemas: Sequence[str]) -> Iterator[str]:
    for first in range(0, len(schemas), SCHEMAS_PER_QUERY):
        chunk = schemas[first : first + SCHEMAS_PER_QUERY]
        with connection.cursor() as cursor:
            cursor.execute(" UNION ALL ".join(_overdue_in(schema_name) for schema_name in chunk))
            found = [row[0] for row in cursor.fetchall()]
        yield from found


def _overdue_in(schema_name: str) -> str:
    quoted = connection.ops.quote_name(schema_name)
    # Schema names come from our own table and look like t_17; nothing a person typed gets here.
    return (
        f"SELECT '{schema_name}' WHERE EXISTS (SELECT FROM {quoted}.booking_claim"  # noqa: S608 - see above
        " WHERE active AND kind = 'hold' AND expires_at <= statement_timestamp())"
    )
