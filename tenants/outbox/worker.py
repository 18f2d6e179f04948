"""Delivering: lease a row in one transaction, call the channel outside of any, note the outcome in another.

All times are the database's. A worker that dies leaves its lease to run out; whether its message went out is then
unknown, so the row is marked as possibly sent twice when it is taken again.
"""

import time
from collections.abc import Collection
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import structlog
from celery.exceptions import SoftTimeLimitExceeded
from django.db import transaction
from django.db.models import Exists, F, Q
from django.db.models.functions import Now

from tenants.outbox.consumers import Consumer, consumer
from tenants.outbox.errors import DeliveryFailed, NotNeeded
from tenants.outbox.models import DeliveryState, OutboxDelivery
from tenants.outbox.schedule import LEASE, wait_after

logger = structlog.get_logger(__name__)

OPEN_STATES: Final = (DeliveryState.PENDING, DeliveryState.LEASED, DeliveryState.UNKNOWN)
RUN_SECONDS: Final = 40.0
"""How long one task goes on taking deliveries; below Celery's soft limit by one provider time-out."""

_TEXT_LENGTH: Final = 300


def deliver_due(delivery_ids: Collection[UUID] | None = None) -> int:
    """Deliver what is due (only these, when given), one after another, and return how many were taken.

    Safe to run in any number of workers at once: a row is leased with SKIP LOCKED.
    """
    stop_at = time.monotonic() + RUN_SECONDS
    taken = 0
    while time.monotonic() < stop_at:
        delivery = _lease(delivery_ids)
        if delivery is None:
            break
        taken += 1
        _deliver(delivery)
    return taken


def _lease(delivery_ids: Collection[UUID] | None) -> OutboxDelivery | None:
    """Take the most urgent due row: leased, one attempt more. A lease is due again when it runs out."""
    due = OutboxDelivery.objects.filter(state__in=OPEN_STATES, next_attempt_at__lte=Now())
    if delivery_ids is not None:
        due = due.filter(pk__in=delivery_ids)
    with transaction.atomic():
        found = (
            due.select_for_update(skip_locked=True, of=("self",))
            .select_related("event")
            .order_by("priority", "next_attempt_at")
            .first()
        )
        if found is None:
            return None
        doubtful = found.state in {DeliveryState.LEASED, DeliveryState.UNKNOWN}
        OutboxDelivery.objects.filter(pk=found.pk).update(
            state=DeliveryState.LEASED,
            attempts=F("attempts") + 1,
            lease_until=Now() + LEASE,
            next_attempt_at=Now() + LEASE,
            possible_duplicate=Q(possible_duplicate=True) | Q(pk__isnull=not doubtful),
        )
        found.refresh_from_db(fields=["state", "attempts", "lease_until", "possible_duplicate"])
    return found


def _deliver(delivery: OutboxDelivery) -> None:
    channel = consumer(delivery.consumer)
    if channel is None:
        _close(delivery, state=DeliveryState.DEAD, last_code="no_such_channel")
        return
    useless = _useless(delivery, channel)
    if useless:
        _close(delivery, state=DeliveryState.CANCELLED, last_code=useless)
        return
    try:
        channel.deliver(delivery)
    except NotNeeded as outcome:
        _close(delivery, state=DeliveryState.CANCELLED, last_code=outcome.code)
    except DeliveryFailed as failure:
        _failed(delivery, failure)
    except SoftTimeLimitExceeded:
        _failed(delivery, DeliveryFailed("time_limit", outcome_unknown=True))
        raise
    except Exception as error:
        # A bug in one channel or a poisonous message must not stop the others: logged in full, tried again, given up.
        logger.exception("outbox_delivery_crashed", delivery=str(delivery.pk), consumer=delivery.consumer)
        _failed(delivery, DeliveryFailed("internal_error", type(error).__name__))
    else:
        _close(delivery, state=DeliveryState.SENT, last_code="", last_error="", sent_at=Now())


def _useless(delivery: OutboxDelivery, channel: Consumer) -> str:
    """Return why the message has no use any more; empty when it has."""
    later = OutboxDelivery.objects.filter(
        consumer=delivery.consumer,
        event__aggregate_type=delivery.event.aggregate_type,
        event__aggregate_id=delivery.event.aggregate_id,
        event__aggregate_version__gt=delivery.event.aggregate_version,
    )
    facts = (
        OutboxDelivery.objects.filter(pk=delivery.pk)
        .annotate(is_superseded=Exists(later), has_expired=Q(event__expires_at__lte=Now()))
        .values_list("is_superseded", "has_expired")
        .get()
    )
    if channel.latest_only and facts[0]:
        return "superseded"
    return "expired" if facts[1] else ""


def _failed(delivery: OutboxDelivery, failure: DeliveryFailed) -> None:
    wait = wait_after(delivery.attempts, at_least_seconds=failure.retry_after_seconds)
    changes: dict[str, Any] = {"last_code": failure.code[:60], "last_error": failure.text[:_TEXT_LENGTH]}
    if failure.permanent or wait is None:
        changes["state"] = DeliveryState.DEAD
        if failure.outcome_unknown:
            changes["possible_duplicate"] = True  # before somebody sends it again by hand
    else:
        changes["state"] = DeliveryState.UNKNOWN if failure.outcome_unknown else DeliveryState.PENDING
        changes["next_attempt_at"] = Now() + wait
    logger.warning(
        "outbox_delivery_failed",
        delivery=str(delivery.pk),
        consumer=delivery.consumer,
        code=failure.code,
        attempt=delivery.attempts,
        state=str(changes["state"]),
    )
    _close(delivery, **changes)


def _close(delivery: OutboxDelivery, **changes: Any) -> None:
    """Note the outcome, unless the lease was lost to another worker meanwhile: then that one's counts."""
    ours: datetime | None = delivery.lease_until
    changed = OutboxDelivery.objects.filter(
        pk=delivery.pk, state=DeliveryState.LEASED, lease_until=ours
    ).update(lease_until=None, **changes)
    if not changed:
        logger.warning("outbox_lease_lost", delivery=str(delivery.pk), consumer=delivery.consumer)
