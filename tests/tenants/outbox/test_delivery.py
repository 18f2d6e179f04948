"""The outbox: what is written, how it is delivered, and what every kind of failure leaves behind."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import transaction
from pytest_django import DjangoCaptureOnCommitCallbacks

from saas.networks.context import NetworkRef, network_context, public_context
from tenants.audit.actions import Actor
from tenants.audit.models import AuditEvent
from tenants.outbox import consumers, tasks, worker
from tenants.outbox.actions import (
    DeliveryNotCancellable,
    DeliveryNotFound,
    DeliveryNotRetryable,
    cancel_delivery,
    forget_old_events,
    publish,
    retry_dead,
    retry_delivery,
)
from tenants.outbox.errors import DeliveryFailed, NotNeeded
from tenants.outbox.models import DeliveryState, OutboxDelivery, OutboxEvent
from tenants.outbox.schedule import WAITS, wait_after

pytestmark = pytest.mark.django_db

TOPIC = "thing.happened"


class Channel:
    """Records what it is given and answers as told."""

    def __init__(self) -> None:
        self.delivered: list[OutboxDelivery] = []
        self.answer: Callable[[], None] = lambda: None

    def deliver(self, delivery: OutboxDelivery) -> None:
        self.delivered.append(delivery)
        self.answer()

    def fail(self, code: str, **kwargs: Any) -> None:
        def answer() -> None:
            raise DeliveryFailed(code, **kwargs)

        self.answer = answer


@pytest.fixture
def channel() -> Iterator[Channel]:
    made = Channel()
    consumers.register_consumer("test", topics=[TOPIC], deliver=made.deliver)
    yield made
    consumers._consumers.pop("test")


def tell(version: int = 1, aggregate_id: str = "7", **fields: Any) -> OutboxDelivery:
    event_id = publish(
        TOPIC,
        aggregate_type="thing",
        aggregate_id=aggregate_id,
        version=version,
        payload={"version": version},
        dedup_key=f"thing:{aggregate_id}:{version}",
        **fields,
    )
    return OutboxDelivery.objects.get(event_id=event_id)


def make_due(delivery: OutboxDelivery) -> None:
    OutboxDelivery.objects.filter(pk=delivery.pk).update(
        next_attempt_at=dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    )


def test_published_once_per_dedup_key(network: NetworkRef, channel: Channel) -> None:
    delivery = tell()
    assert (delivery.state, delivery.attempts, delivery.consumer) == ("pending", 0, "test")
    assert delivery.client_message_id == str(delivery.pk)
    publish(TOPIC, aggregate_type="thing", aggregate_id="7", version=1, payload={}, dedup_key="thing:7:1")
    assert OutboxEvent.objects.count() == OutboxDelivery.objects.count() == 1


def test_event_nobody_wants_has_no_deliveries(network: NetworkRef) -> None:
    publish("nobody.cares", aggregate_type="x", aggregate_id="1", version=1, payload={}, dedup_key="x")
    assert OutboxEvent.objects.count() == 1
    assert not OutboxDelivery.objects.exists()


def test_rolled_back_business_leaves_no_event(network: NetworkRef, channel: Channel) -> None:
    with transaction.atomic():
        tell()
        transaction.set_rollback(True)
    assert not OutboxEvent.objects.exists()


def test_delivered_once(network: NetworkRef, channel: Channel) -> None:
    delivery = tell()
    assert worker.deliver_due() == 1
    assert worker.deliver_due() == 0
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts, delivery.lease_until) == ("sent", 1, None)
    assert delivery.sent_at is not None
    assert [each.pk for each in channel.delivered] == [delivery.pk]


def test_failure_is_tried_again_with_growing_waits_then_given_up(
    network: NetworkRef, channel: Channel
) -> None:
    delivery = tell()
    channel.fail("down", text="ConnectionRefusedError")
    for attempt, longest in enumerate(WAITS, start=1):
        make_due(delivery)
        before = dt.datetime.now(tz=dt.UTC)
        worker.deliver_due()
        delivery.refresh_from_db()
        assert (delivery.state, delivery.attempts, delivery.last_code) == ("pending", attempt, "down")
        # The database's clock within this test's transaction may be behind: compare with a margin.
        assert delivery.next_attempt_at <= before + longest + dt.timedelta(seconds=5)
    make_due(delivery)
    worker.deliver_due()
    delivery.refresh_from_db()
    assert delivery.state == DeliveryState.DEAD


def test_waits_are_spread_and_honour_retry_after() -> None:
    waits = {wait_after(1) for _ in range(50)}
    assert len(waits) > 10
    assert all(wait is not None and WAITS[0] / 2 <= wait <= WAITS[0] for wait in waits)
    assert wait_after(1, at_least_seconds=600) == dt.timedelta(seconds=600)
    assert wait_after(len(WAITS) + 1) is None


def test_permanent_failure_is_given_up_at_once(network: NetworkRef, channel: Channel) -> None:
    delivery = tell()
    channel.fail("rejected", permanent=True)
    worker.deliver_due()
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts) == ("dead", 1)


def test_not_needed_is_cancelled(network: NetworkRef, channel: Channel) -> None:
    delivery = tell()

    def answer() -> None:
        raise NotNeeded("no_address")

    channel.answer = answer
    worker.deliver_due()
    delivery.refresh_from_db()
    assert (delivery.state, delivery.last_code) == ("cancelled", "no_address")


def test_unknown_outcome_is_marked_when_sent_again(network: NetworkRef, channel: Channel) -> None:
    delivery = tell()
    channel.fail("connection_lost", outcome_unknown=True)
    worker.deliver_due()
    delivery.refresh_from_db()
    assert (delivery.state, delivery.possible_duplicate) == ("unknown", False)
    channel.answer = lambda: None
    make_due(delivery)
    worker.deliver_due()
    delivery.refresh_from_db()
    assert (delivery.state, delivery.possible_duplicate) == ("sent", True)
    assert len({each.client_message_id for each in channel.delivered}) == 1


def test_worker_that_died_with_a_lease_is_replaced_when_it_runs_out(
    network: NetworkRef, channel: Channel
) -> None:
    delivery = tell()
    leased = worker._lease(None)
    assert leased is not None
    assert worker.deliver_due() == 0, "the lease is in force"
    make_due(delivery)
    assert worker.deliver_due() == 1
    delivery.refresh_from_db()
    assert (delivery.state, delivery.possible_duplicate, delivery.attempts) == ("sent", True, 2)


def test_outcome_of_a_lost_lease_does_not_count(network: NetworkRef, channel: Channel) -> None:
    delivery = tell()
    slow = worker._lease(None)
    assert slow is not None
    make_due(delivery)
    worker.deliver_due()
    worker._failed(slow, DeliveryFailed("late", permanent=True))
    delivery.refresh_from_db()
    assert delivery.state == DeliveryState.SENT


def test_bug_in_a_channel_stops_nobody_else(
    network: NetworkRef, channel: Channel, caplog: pytest.LogCaptureFixture
) -> None:
    poison, healthy = tell(aggregate_id="1"), tell(aggregate_id="2")

    def answer() -> None:
        if channel.delivered[-1].pk == poison.pk:
            raise KeyError("secret name")

    channel.answer = answer
    assert worker.deliver_due() == 2
    poison.refresh_from_db()
    healthy.refresh_from_db()
    assert (poison.state, poison.last_code, poison.last_error) == ("pending", "internal_error", "KeyError")
    assert healthy.state == DeliveryState.SENT


def test_overtaken_news_is_dropped(network: NetworkRef, channel: Channel) -> None:
    old, new = tell(version=1), tell(version=2)
    worker.deliver_due()
    old.refresh_from_db()
    assert (old.state, old.last_code) == ("cancelled", "superseded")
    assert [each.pk for each in channel.delivered] == [new.pk]


def test_expired_news_is_dropped(network: NetworkRef, channel: Channel) -> None:
    delivery = tell(expires_at=dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
    worker.deliver_due()
    delivery.refresh_from_db()
    assert (delivery.state, delivery.last_code) == ("cancelled", "expired")
    assert not channel.delivered


def test_channel_that_is_gone(network: NetworkRef, channel: Channel) -> None:
    delivery = tell()
    OutboxDelivery.objects.update(consumer="pigeon")
    worker.deliver_due()
    delivery.refresh_from_db()
    assert (delivery.state, delivery.last_code) == ("dead", "no_such_channel")


def test_urgent_first(network: NetworkRef, channel: Channel) -> None:
    late, urgent = tell(aggregate_id="1"), tell(aggregate_id="2")
    OutboxDelivery.objects.filter(pk=urgent.pk).update(priority=1)
    worker.deliver_due()
    assert [each.pk for each in channel.delivered] == [urgent.pk, late.pk]


def test_given_up_message_is_sent_again_by_hand(
    network: NetworkRef, channel: Channel, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    delivery = tell()
    with pytest.raises(DeliveryNotRetryable):
        retry_delivery(delivery_id=delivery.pk)
    OutboxDelivery.objects.update(state="dead", attempts=8)
    with django_capture_on_commit_callbacks(execute=True):
        retry_delivery(delivery_id=delivery.pk, actor=Actor(kind="user", user_id=3))
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts) == ("sent", 1)
    audit = AuditEvent.objects.get(action="outbox.delivery_retried")
    assert (audit.actor_id, audit.object_id) == (3, str(delivery.pk))


def test_waiting_message_is_cancelled_by_hand(network: NetworkRef, channel: Channel) -> None:
    delivery = tell()
    cancel_delivery(delivery_id=delivery.pk)
    assert worker.deliver_due() == 0
    with pytest.raises(DeliveryNotCancellable):
        cancel_delivery(delivery_id=delivery.pk)
    with pytest.raises(DeliveryNotFound):
        cancel_delivery(delivery_id=OutboxEvent.objects.get().pk)


def test_all_given_up_are_sent_again(network: NetworkRef, channel: Channel) -> None:
    for number in range(3):
        tell(aggregate_id=str(number))
    OutboxDelivery.objects.update(state="dead")
    assert retry_dead(consumer="other") == 0
    assert retry_dead(consumer="test") == 3
    assert worker.deliver_due() == 3


def test_old_news_is_forgotten_unless_it_never_went_out(network: NetworkRef, channel: Channel) -> None:
    sent, dead, recent = (tell(aggregate_id=str(number)) for number in range(3))
    OutboxDelivery.objects.exclude(pk=dead.pk).update(state="sent")
    OutboxDelivery.objects.filter(pk=dead.pk).update(state="dead")
    long_ago = dt.datetime.now(tz=dt.UTC) - dt.timedelta(days=91)
    OutboxEvent.objects.exclude(pk=recent.event_id).update(occurred_at=long_ago)
    forget_old_events()
    assert set(OutboxEvent.objects.values_list("pk", flat=True)) == {dead.event_id, recent.event_id}
    assert not OutboxDelivery.objects.filter(pk=sent.pk).exists()


def test_commit_nudges_the_worker(
    network: NetworkRef, channel: Channel, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        delivery = tell()
    delivery.refresh_from_db()
    assert delivery.state == DeliveryState.SENT


def test_sweep_finds_due_networks_only(
    twin_networks: tuple[NetworkRef, NetworkRef], channel: Channel, public_schema: None
) -> None:
    one, two = twin_networks
    with network_context(one):
        delivery = tell()
    with network_context(two):
        later = tell()
        OutboxDelivery.objects.update(next_attempt_at=dt.datetime(2100, 1, 1, tzinfo=dt.UTC))
    with public_context():
        tasks.sweep_all()
    with network_context(one):
        delivery.refresh_from_db()
        assert delivery.state == DeliveryState.SENT
    with network_context(two):
        later.refresh_from_db()
        assert later.state == DeliveryState.PENDING
    assert len(channel.delivered) == 1
