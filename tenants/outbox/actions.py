"""Writing to the outbox, and what people can do with what lies in it."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

import structlog
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from saas.core.batch import Batch
from saas.core.errors import Conflict, NotFound
from saas.networks.context import current_schema
from tenants.audit.actions import SYSTEM, Actor, record
from tenants.outbox.consumers import consumers_of
from tenants.outbox.models import DeliveryState, OutboxDelivery, OutboxEvent
from tenants.outbox.nudging import nudge

BULK_LIMIT: Final = 500
KEPT: Final = timedelta(days=90)
"""How long one can look up what was sent."""


class DeliveryNotFound(NotFound):
    code = "delivery_not_found"
    message = _("There is no such message.")


class DeliveryNotRetryable(Conflict):
    """It is waiting, under way or sent already."""

    code = "delivery_not_retryable"
    message = _("Only messages that were given up, cancelled or held back can be sent again.")


class DeliveryNotCancellable(Conflict):
    code = "delivery_not_cancellable"
    message = _("This message is already sent or cancelled.")


# One statement for the event and its deliveries: a booking pays one round trip for the whole outbox.
_PUBLISH = """
    WITH event AS (
        INSERT INTO outbox_outboxevent (id, occurred_at, topic, aggregate_type, aggregate_id, aggregate_version,
                                        payload, dedup_key, request_id, expires_at)
        VALUES (%s, statement_timestamp(), %s, %s, %s, %s, %s, %s, %s, %s)
        ON CONFLICT (dedup_key) DO NOTHING RETURNING id
    )
    INSERT INTO outbox_outboxdelivery (id, event_id, consumer, state, priority, attempts, next_attempt_at,
                                       client_message_id, last_code, last_error, possible_duplicate, created_at)
    SELECT row.id, event.id, row.consumer, 'pending', row.priority, 0, statement_timestamp(),
           row.id::text, '', '', false, statement_timestamp()
    FROM event, unnest(%s::uuid[], %s::text[], %s::int[]) AS row (id, consumer, priority)
"""


def publish(
    topic: str,
    *,
    aggregate_type: str,
    aggregate_id: str,
    version: int,
    payload: dict[str, Any],
    dedup_key: str,
    consumers: Iterable[str] | None = None,
    expires_at: datetime | None = None,
    batch: Batch | None = None,
) -> UUID:
    """Write an event with a delivery for each consumer, in the caller's transaction; nudge the worker on commit.

    `payload` holds ids and codes, nothing personal. `consumers` narrows who is told (default: all that want the
    topic). An event with the same `dedup_key` is written once; later ones change nothing. With `batch` it is
    written when the caller runs that.
    """
    event_id = uuid4()
    told = [each for each in consumers_of(topic) if consumers is None or each.name in consumers]
    ids = [uuid4() for _each in told]
    statements = batch or Batch()
    statements.add(
        _PUBLISH,
        [
            event_id,
            topic,
            aggregate_type,
            aggregate_id,
            version,
            json.dumps(payload),
            dedup_key,
            str(structlog.contextvars.get_contextvars().get("request_id", ""))[:64],
            expires_at,
            ids,
            [each.name for each in told],
            [each.priority for each in told],
        ],
    )
    if batch is None:
        statements.run()
    if ids:
        nudge_on_commit(ids)
    return event_id


def nudge_on_commit(delivery_ids: Sequence[UUID]) -> None:
    """Ask a worker to deliver at once when the transaction commits. A lost nudge costs at most a sweep's wait."""
    schema_name = current_schema()  # the callback may run when another schema, or none, is entered
    texts = [str(each) for each in delivery_ids]
    transaction.on_commit(lambda: nudge(schema_name, texts), robust=True)


def retry_delivery(*, delivery_id: UUID, actor: Actor = SYSTEM) -> OutboxDelivery:
    """Send a message that was given up, cancelled or held back once more. Locks the row; audited.

    Raises DeliveryNotFound, DeliveryNotRetryable.
    """
    with transaction.atomic():
        delivery = _locked(delivery_id)
        if delivery.state not in {DeliveryState.DEAD, DeliveryState.HELD, DeliveryState.CANCELLED}:
            raise DeliveryNotRetryable
        _make_due(delivery)
        record("outbox.delivery_retried", actor=actor, on=delivery, data={"consumer": delivery.consumer})
        nudge_on_commit([delivery.pk])
    return delivery


def cancel_delivery(*, delivery_id: UUID, actor: Actor = SYSTEM) -> OutboxDelivery:
    """Give up a message that is waiting or held back. Locks the row; audited.

    Raises DeliveryNotFound, DeliveryNotCancellable.
    """
    with transaction.atomic():
        delivery = _locked(delivery_id)
        if delivery.state in {DeliveryState.SENT, DeliveryState.CANCELLED, DeliveryState.LEASED}:
            raise DeliveryNotCancellable
        delivery.state = DeliveryState.CANCELLED
        delivery.last_code = "cancelled_by_staff"
        delivery.lease_until = None
        delivery.save(update_fields=["state", "last_code", "lease_until"])
        record("outbox.delivery_cancelled", actor=actor, on=delivery, data={"consumer": delivery.consumer})
    return delivery


def retry_dead(*, consumer: str | None = None, actor: Actor = SYSTEM) -> int:
    """Send everything that was given up once more, at most `BULK_LIMIT` messages; return how many. Audited."""
    with transaction.atomic():
        rows = OutboxDelivery.objects.filter(state=DeliveryState.DEAD).order_by("created_at")
        if consumer is not None:
            rows = rows.filter(consumer=consumer)
        found = list(rows.select_for_update(skip_locked=True)[:BULK_LIMIT])
        for delivery in found:
            _make_due(delivery)
        if found:
            record("outbox.dead_retried", actor=actor, data={"count": len(found), "consumer": consumer or ""})
            nudge_on_commit([delivery.pk for delivery in found])
    return len(found)


def forget_old_events() -> int:
    """Delete events older than `KEPT` whose deliveries are all sent or cancelled; return how many rows went."""
    unfinished = OutboxDelivery.objects.filter(event=OuterRef("pk")).exclude(
        state__in=(DeliveryState.SENT, DeliveryState.CANCELLED)
    )
    old = OutboxEvent.objects.filter(~Exists(unfinished), occurred_at__lt=Now() - KEPT)
    count, _by_model = old.delete()
    return count


def _locked(delivery_id: UUID) -> OutboxDelivery:
    delivery = OutboxDelivery.objects.select_for_update(of=("self",)).filter(pk=delivery_id).first()
    if delivery is None:
        raise DeliveryNotFound
    return delivery


def _make_due(delivery: OutboxDelivery) -> None:
    # Sent twice is possible when it was given up with its outcome unknown; the mark stays.
    delivery.state = DeliveryState.PENDING
    delivery.attempts = 0
    delivery.next_attempt_at = Now()
    delivery.lease_until = None
    delivery.save(update_fields=["state", "attempts", "next_attempt_at", "lease_until"])
