"""Holds and the waiting list over the API: who may touch what, and requests sent twice."""

from __future__ import annotations

import datetime as dt
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from django.utils import timezone

from saas.networks.context import NetworkRef
from tenants.api.models import ApiScope
from tenants.audit.actions import SYSTEM
from tenants.booking.actions.groups import create_session
from tenants.booking.models import Claim, WaitlistEntry
from tests.factories import make_bookable, make_user
from tests.fixtures.networks import NetworkClient
from tests.tenants.api.asking import CONTACTS, Caller, at, counted, day_ahead, token_for, wish

pytestmark = pytest.mark.django_db


def place(bookable: Any, **changes: Any) -> dict[str, Any]:
    body = wish(bookable, **changes)
    return {name: body[name] for name in ("doctor", "service", "clinic", "starts_at")}


def empty(caller: Caller, path: str) -> int:
    answer = caller.client.post(
        f"/api/v1/{path}", "{}", content_type="application/json", headers=caller.headers
    )
    return int(answer.status_code)


def test_a_guest_holds_and_books_with_the_hold(network: NetworkRef) -> None:
    bookable = make_bookable()
    guest, other = Caller(network), Caller(network)
    status, hold = guest.post("holds/", place(bookable))
    assert (status, hold["extended"]) == (201, False)
    assert other.post("appointments/", wish(bookable))[0] == 409
    assert other.post("holds/", place(bookable))[0] == 409
    status, booked = guest.post("appointments/", {**wish(bookable), "hold": hold["id"]})
    assert (status, booked["status"]) == (201, "scheduled")
    assert not Claim.objects.filter(active=True, kind="hold").exists()


def test_the_same_request_holds_once(network: NetworkRef) -> None:
    bookable = make_bookable()
    caller = Caller(network)
    key = {"Idempotency-Key": str(uuid4())}
    first = caller.post("holds/", place(bookable), **key)
    assert caller.post("holds/", place(bookable), **key) == first
    assert Claim.objects.count() == 1


def test_extending_and_releasing(network: NetworkRef) -> None:
    bookable = make_bookable()
    caller = Caller(network)
    _status, hold = caller.post("holds/", place(bookable))
    status, longer = caller.post(f"holds/{hold['id']}/extend/")
    assert (status, longer["extended"]) == (200, True)
    assert caller.post(f"holds/{hold['id']}/extend/")[0] == 409
    assert empty(caller, f"holds/{hold['id']}/release/") == 204
    assert empty(caller, f"holds/{hold['id']}/release/") == 204
    assert caller.post("holds/", place(bookable))[0] == 201


def test_holds_of_others_do_not_exist(network: NetworkRef) -> None:
    bookable = make_bookable()
    program = Caller(network, token=token_for(network, ApiScope.APPOINTMENTS_WRITE))
    reader = Caller(network, token=token_for(network, ApiScope.CATALOGUE_READ))
    client = NetworkClient(network)
    client.force_login(make_user(), "allauth.account.auth_backends.AuthenticationBackend")
    person = Caller(network, client=client)
    _status, hold = program.post("holds/", place(bookable))
    for stranger in (Caller(network), person):
        assert stranger.post(f"holds/{hold['id']}/extend/")[0] == 404
        assert empty(stranger, f"holds/{hold['id']}/release/") == 404
        assert stranger.post("appointments/", {**wish(bookable), "hold": hold["id"]})[0] == 404
    assert reader.post("holds/", place(bookable))[0] == 403
    assert reader.post(f"holds/{hold['id']}/extend/")[0] == 403
    assert program.post(f"holds/{hold['id']}/extend/")[0] == 200


def test_an_address_that_holds_too_much_is_told_to_wait(network: NetworkRef) -> None:
    bookable = make_bookable()
    caller = Caller(network)
    statuses = []
    for number in range(7):
        body = place(bookable)
        starts_at = dt.datetime.fromisoformat(body["starts_at"]) + number * dt.timedelta(minutes=30)
        statuses.append(caller.post("holds/", {**body, "starts_at": starts_at.isoformat()})[0])
    assert statuses == [201] * 6 + [429]


def test_waiting_and_leaving(network: NetworkRef) -> None:
    bookable = make_bookable()
    caller = Caller(network)
    day = day_ahead(3)
    body = {
        "service": bookable.service.pk,
        "earliest": str(day),
        "latest": str(day + dt.timedelta(days=5)),
        "weekdays": [0, 4],
        "patient": CONTACTS,
    }
    status, entry = caller.post("waitlist/", body)
    assert (status, entry["state"], entry["doctor"]) == (201, "waiting", None)
    assert caller.client.get(urlsplit(entry["manage_url"]).path).status_code == 200
    assert empty(caller, f"waitlist/{entry['id']}/leave/") == 204
    assert WaitlistEntry.objects.get().state == "left"
    assert empty(caller, f"waitlist/{uuid4()}/leave/") == 404


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"latest": "2001-01-01", "earliest": "2001-01-01"}, 422),
        ({"weekdays": [7]}, 400),
        ({"patient": None}, 400),
        ({"surprise": 1}, 400),
        ({"service": 2**40}, 422),
    ],
)
def test_bad_wishes(network: NetworkRef, changes: dict[str, Any], status: int) -> None:
    bookable = make_bookable()
    day = day_ahead(3)
    body = {"service": bookable.service.pk, "earliest": str(day), "latest": str(day), "patient": CONTACTS}
    assert Caller(network).post("waitlist/", {**body, **changes})[0] == status
    assert not WaitlistEntry.objects.exists()


def test_seats_of_a_session(network: NetworkRef) -> None:
    bookable = make_bookable()
    session = create_session(
        doctor_id=bookable.doctor.pk,
        service_id=bookable.service.pk,
        clinic_id=bookable.clinic.pk,
        starts_at=dt.datetime.fromisoformat(at(11)),
        capacity=2,
        actor=SYSTEM,
        now=timezone.now(),
    )
    caller = Caller(network)
    _status, listed = caller.get(f"sessions/?service={bookable.service.pk}")
    assert [(row["id"], row["free"]) for row in listed["results"]] == [(str(session.public_id), 2)]
    path = f"sessions/{session.public_id}/seats/"
    people = [{**CONTACTS, "first_name": name} for name in ("Anna", "Vera", "Nina")]
    assert [caller.post(path, {"patient": person})[0] for person in people] == [201, 201, 409]
    assert caller.get("sessions/")[1]["count"] == 0
    assert caller.post(f"sessions/{uuid4()}/seats/", {"patient": CONTACTS})[0] == 404
    reader = Caller(network, token=token_for(network, ApiScope.CATALOGUE_READ))
    assert reader.get("sessions/")[0] == 200
    assert reader.post(path, {"patient": CONTACTS})[0] == 403


@pytest.mark.parametrize("count", [1, 3])
def test_sessions_take_as_many_queries_for_one_as_for_three(network: NetworkRef, count: int) -> None:
    bookable = make_bookable()
    for number in range(count):
        create_session(
            doctor_id=bookable.doctor.pk,
            service_id=bookable.service.pk,
            clinic_id=bookable.clinic.pk,
            starts_at=dt.datetime.fromisoformat(at(10 + number)),
            capacity=2,
            actor=SYSTEM,
            now=timezone.now(),
        )
    caller = Caller(network)
    caller.get("sessions/")
    with counted() as statements:
        status, body = caller.get("sessions/")
    assert (status, body["count"]) == (200, count)
    assert len(statements) == 2
