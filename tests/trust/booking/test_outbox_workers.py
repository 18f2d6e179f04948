"""Many workers, lost nudges, dead workers: every message goes out, none twice (reference/trust.md, promise 15)."""

from __future__ import annotations

import datetime as dt
import time
from collections import Counter
from collections.abc import Collection, Iterator
from threading import Lock
from typing import NoReturn
from uuid import UUID

import pytest
from django.core import mail
from django.db.models import F
from kombu.exceptions import OperationalError as BrokerError

from saas.networks.context import NetworkRef, public_context
from tenants.booking.models import Appointment
from tenants.outbox import consumers, tasks, worker
from tenants.outbox.actions import publish
from tenants.outbox.models import OutboxDelivery
from tests.factories import make_bookable
from tests.tenants.booking.helpers import book
from tests.trust.booking.racing import race

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

MESSAGES = 60
WORKERS = 8


class SlowChannel:
    """Takes a while, as a provider does, and counts."""

    def __init__(self) -> None:
        self.sent: Counter[UUID] = Counter()
        self._lock = Lock()

    def deliver(self, delivery: OutboxDelivery) -> None:
        time.sleep(0.005)
        with self._lock:
            self.sent[delivery.pk] += 1


@pytest.fixture
def channel(monkeypatch: pytest.MonkeyPatch) -> Iterator[SlowChannel]:
    made = SlowChannel()
    consumers.register_consumer("test", topics=["test"], deliver=made.deliver)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tenants.outbox.actions.nudge_on_commit", lambda _ids: None)
        yield made
    consumers._consumers.pop("test")


def fill() -> None:
    for number in range(MESSAGES):
        publish(
            "test",
            aggregate_type="test",
            aggregate_id=str(number),
            version=1,
            payload={},
            dedup_key=f"t:{number}",
        )


def test_every_message_goes_out_once(network: NetworkRef, channel: SlowChannel) -> None:
    fill()
    outcomes = race(network, [worker.deliver_due] * WORKERS)
    assert not [each.error for each in outcomes if each.error]
    assert len(channel.sent) == MESSAGES
    assert set(channel.sent.values()) == {1}
    assert set(OutboxDelivery.objects.values_list("state", "attempts")) == {("sent", 1)}


def test_negative_control_without_the_lock_messages_go_out_twice(
    network: NetworkRef, channel: SlowChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Were this to fail, the test above would prove nothing."""

    def careless(delivery_ids: Collection[UUID] | None) -> OutboxDelivery | None:
        found = OutboxDelivery.objects.select_related("event").filter(state="pending").order_by("pk").first()
        if found is not None:
            time.sleep(0.002)
            OutboxDelivery.objects.filter(pk=found.pk).update(state="leased", attempts=F("attempts") + 1)
            found.refresh_from_db(fields=["state", "attempts"])
        return found

    monkeypatch.setattr(worker, "_lease", careless)
    fill()
    race(network, [worker.deliver_due] * WORKERS)
    assert max(channel.sent.values()) > 1


def test_broker_that_is_down_costs_time_only(network: NetworkRef, monkeypatch: pytest.MonkeyPatch) -> None:
    def down(*_args: object, **_kwargs: object) -> NoReturn:
        raise BrokerError

    bookable = make_bookable()
    with monkeypatch.context() as patch:
        patch.setattr(tasks.deliver_some, "apply_async", down)
        book(bookable)
    assert Appointment.objects.count() == 1
    assert len(mail.outbox) == 0
    with public_context():
        tasks.sweep_all()
    assert [message.to for message in mail.outbox] == [[bookable.patient.email]]
    with public_context():
        tasks.sweep_all()
    assert len(mail.outbox) == 1


def test_worker_killed_in_the_middle_is_replaced(network: NetworkRef, channel: SlowChannel) -> None:
    """What `kill -9` leaves behind is a lease; when it runs out, the message is sent and marked as doubtful."""
    fill()
    leased = worker._lease(None)
    assert leased is not None
    worker.deliver_due()
    assert len(channel.sent) == MESSAGES - 1
    OutboxDelivery.objects.filter(pk=leased.pk).update(next_attempt_at=dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
    worker.deliver_due()
    assert set(channel.sent.values()) == {1}
    assert list(OutboxDelivery.objects.filter(possible_duplicate=True)) == [leased]
    assert not OutboxDelivery.objects.exclude(state="sent").exists()
