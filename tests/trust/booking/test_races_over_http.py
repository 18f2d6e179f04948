"""The same through the front door: a real web server, real requests, one slot."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.utils import timezone

from saas.networks.context import NetworkRef, network_context
from tenants.booking.models import Appointment, Claim
from tenants.booking.selectors import Slot, free_slots
from tenants.outbox.models import OutboxEvent
from tests.factories import make_bookable
from tests.trust.booking.racing import count_overlaps
from tests.trust.booking.server import web_server

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow, pytest.mark.timeout(400)]

BOOKERS = 200
AT_ONCE = 40


def a_slot() -> Slot:
    bookable = make_bookable()
    today = timezone.now().date()
    slots = free_slots(
        doctor_id=bookable.doctor.pk,
        service_id=bookable.service.pk,
        start=today + dt.timedelta(days=3),
        end=today + dt.timedelta(days=4),
        now=timezone.now(),
    )
    return slots[4]


def wish(slot: Slot, number: int) -> dict[str, Any]:
    return {
        "doctor": slot.doctor_id,
        "service": slot.service_id,
        "clinic": slot.clinic_id,
        "starts_at": slot.starts_at.isoformat(),
        "patient": {"last_name": f"Rival{number}", "first_name": "Ann", "phone": f"+7916555{number:04d}"},
    }


def at_once(count: int, ask: Callable[[int], httpx.Response]) -> list[httpx.Response]:
    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        return list(pool.map(ask, range(count)))


def test_two_hundred_requests_for_one_slot(network: NetworkRef, tmp_path: Path) -> None:
    slot = a_slot()
    log = tmp_path / "server.log"
    with (
        web_server(log) as address,
        httpx.Client(
            base_url=address,
            headers={"Host": network.primary_host},
            timeout=60,
            limits=httpx.Limits(max_connections=AT_ONCE),
        ) as client,
    ):
        answers = at_once(BOOKERS, lambda n: client.post("/api/v1/appointments/", json=wish(slot, n)))
    counted = Counter(answer.status_code for answer in answers)
    assert counted == {201: 1, 409: BOOKERS - 1}, f"{counted}\n{log.read_text()[-3000:]}"
    for answer in answers:
        if answer.status_code == 409:
            body = answer.json()
            assert body["code"] == "slot_taken"
            assert len(body["params"]["alternatives"]) == 3
    with network_context(network):
        assert Appointment.objects.count() == Claim.objects.count() == OutboxEvent.objects.count() == 1
        assert count_overlaps() == 0
    written = log.read_text()
    assert "booking_transaction_retried" not in written
    assert "Traceback" not in written


def test_fifty_requests_with_one_key(network: NetworkRef, tmp_path: Path) -> None:
    slot = a_slot()
    with (
        web_server(tmp_path / "server.log") as address,
        httpx.Client(
            base_url=address, headers={"Host": network.primary_host, "Idempotency-Key": "k-1"}, timeout=60
        ) as client,
    ):
        answers = at_once(50, lambda _n: client.post("/api/v1/appointments/", json=wish(slot, 1)))
        other = client.post("/api/v1/appointments/", json=wish(slot, 2))
    assert Counter(answer.status_code for answer in answers) == {201: 50}
    assert len({answer.content for answer in answers}) == 1
    assert Counter(answer.headers.get("Idempotency-Replayed") for answer in answers) == {"true": 49, None: 1}
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    with network_context(network):
        assert Appointment.objects.count() == 1
