"""The outbox's tasks. They are nudges: what is due is decided by the rows, whenever somebody looks."""

from collections.abc import Iterator, Sequence
from typing import Final
from uuid import UUID

import structlog
from django.db import connection
from kombu.exceptions import OperationalError as BrokerError

from saas.networks.lifecycle import working_states
from saas.networks.models import Network
from saas.networks.tasks import network_task, public_task
from tenants.outbox import worker

logger = structlog.get_logger(__name__)

SCHEMAS_PER_QUERY: Final = 100


@network_task(name="tenants.outbox.tasks.deliver_some")
def deliver_some(schema_name: str, delivery_ids: Sequence[str]) -> None:
    """Deliver these, if they are still due."""
    worker.deliver_due([UUID(each) for each in delivery_ids])


@network_task(name="tenants.outbox.tasks.deliver_due")
def deliver_due(schema_name: str) -> None:
    """Deliver all that is due in one network, as far as one run gets."""
    worker.deliver_due()


@public_task(name="tenants.outbox.tasks.sweep_all")
def sweep_all() -> None:
    """Find the networks with something due, in few queries, and nudge each."""
    schemas = (
        Network.objects.filter(state__in=working_states())
        .order_by("pk")
        .values_list("schema_name", flat=True)
    )
    for schema_name in _with_due(list(schemas)):
        try:
            deliver_due.apply_async(args=(schema_name,), retry=False)
        except BrokerError:
            logger.warning("outbox_sweep_lost", schema=schema_name)
            return  # the next sweep finds the same


def _with_due(schemas: Sequence[str]) -> Iterator[str]:
    for first in range(0, len(schemas), SCHEMAS_PER_QUERY):
        chunk = schemas[first : first + SCHEMAS_PER_QUERY]
        query = " UNION ALL ".join(_due_in(schema_name) for schema_name in chunk)
        with connection.cursor() as cursor:
            cursor.execute(query)
            found = [row[0] for row in cursor.fetchall()]
        yield from found


def _due_in(schema_name: str) -> str:
    quoted = connection.ops.quote_name(schema_name)
    # Schema names come from our own table and look like t_17; nothing a person typed gets here.
    return (
        f"SELECT '{schema_name}' WHERE EXISTS (SELECT FROM {quoted}.outbox_outboxdelivery"  # noqa: S608 - see above
        " WHERE state IN ('pending', 'leased', 'unknown') AND next_attempt_at <= statement_timestamp())"
    )
