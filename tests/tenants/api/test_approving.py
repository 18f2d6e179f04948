"""Approving and refusing requests over the API: programs, people, and who may not."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone

from saas.accounts.models import User
from saas.accounts.roles import Role
from saas.networks.context import NetworkRef, network_context
from tenants.api.models import ApiScope
from tenants.audit.models import AuditEvent
from tenants.booking.models import Appointment
from tests.factories import Bookable, make_bookable, make_patient, make_user
from tests.fixtures.networks import NetworkClient
from tests.tenants.api.asking import Caller, at, counted, token_for
from tests.tenants.booking.helpers import book

pytestmark = pytest.mark.django_db

WAITING = "appointments/awaiting-approval/"


def request_of(bookable: Bookable, hour: int = 10, **changes: Any) -> Appointment:
    facts = {
        "now": timezone.now(),
        "patient_id": make_patient().pk,
        "awaiting_approval": True,
    }
    return book(bookable, dt.datetime.fromisoformat(at(hour)), **{**facts, **changes})


def person(network: NetworkRef, user: User) -> Caller:
    client = NetworkClient(network)
    client.force_login(user, "allauth.account.auth_backends.AuthenticationBackend")
    return Caller(network, client=client)


def test_a_program_answers_what_waits(network: NetworkRef) -> None:
    bookable = make_bookable()
    first, second = request_of(bookable), request_of(bookable, 11)
    program = Caller(network, token=token_for(network))

    status, page = program.get(WAITING)
    assert (status, [row["id"] for row in page["results"]]) == (
        200,
        [str(first.public_id), str(second.public_id)],
    )
    status, yes = program.post(f"appointments/{first.public_id}/approve/", {"version": 1})
    assert (status, yes["status"], yes["version"]) == (200, "scheduled", 2)
    status, no = program.post(f"appointments/{second.public_id}/refuse/", {"message": "bring a referral"})
    assert (status, no["status"]) == (200, "cancelled")
    assert Appointment.objects.get(pk=second.pk).cancel_reason == "bring a referral"
    assert program.get(WAITING)[1]["results"] == []
    actors = AuditEvent.objects.filter(action__in=("booking.approved", "booking.refused"))
    assert {event.actor_kind for event in actors} == {"token"}


def test_an_answer_is_given_once(network: NetworkRef) -> None:
    visit = request_of(make_bookable())
    program = Caller(network, token=token_for(network, ApiScope.APPOINTMENTS_WRITE))
    url = f"appointments/{visit.public_id}/approve/"
    status, stale = program.post(url, {"version": 5})
    assert (status, stale["code"]) == (409, "stale_version")
    key = {"Idempotency-Key": str(uuid4())}
    first = program.post(url, **key)
    assert first[0] == 200
    assert first[1]["patient"] is None  # the scope to read patients' data is another one
    assert program.post(url, **key) == first
    for answer in ("approve", "refuse"):
        status, late = program.post(f"appointments/{visit.public_id}/{answer}/")
        assert (status, late["code"]) == (409, "not_awaiting_approval")
    assert program.post(f"appointments/{uuid4()}/approve/")[0] == 404


def test_a_broken_answer_is_refused(network: NetworkRef) -> None:
    visit = request_of(make_bookable())
    program = Caller(network, token=token_for(network))
    for body in ({"version": 0}, {"strange": 1}, {"message": "x" * 301}, {"message": ["x"]}, "[", b"\xff"):
        assert program.post(f"appointments/{visit.public_id}/refuse/", body)[0] == 400
    assert program.get(f"{WAITING}?doctor=x")[0] == 400
    assert program.get(f"{WAITING}?status=x")[0] == 400
    assert Appointment.objects.get(pk=visit.pk).awaiting_approval


def test_reception_and_the_doctor_with_the_right_answer(network: NetworkRef) -> None:
    bookable, other = make_bookable(), make_bookable()
    mine, second, strange = request_of(bookable), request_of(bookable, 11), request_of(other)
    doctor = bookable.doctor.user
    assert person(network, doctor).post(f"appointments/{mine.public_id}/approve/")[0] == 403
    doctor.user_permissions.add(Permission.objects.get(codename="change_appointment"))
    allowed = person(network, User.objects.get(pk=doctor.pk))
    assert [row["id"] for row in allowed.get(WAITING)[1]["results"]] == [
        str(mine.public_id),
        str(second.public_id),
    ]
    status, shown = allowed.post(f"appointments/{mine.public_id}/approve/")
    assert (status, shown["patient"]["last_name"]) == (200, mine.patient.last_name)
    assert allowed.post(f"appointments/{strange.public_id}/approve/")[0] == 404
    own = request_of(other, 12, patient_id=make_patient(user=doctor).pk)
    assert allowed.post(f"appointments/{own.public_id}/approve/")[0] == 403
    reception = person(network, make_user(role=Role.RECEPTION))
    assert reception.post(f"appointments/{second.public_id}/refuse/")[0] == 200
    clinic = f"{WAITING}?clinic={other.clinic.pk}&doctor={other.doctor.pk}"
    assert len(reception.get(clinic)[1]["results"]) == 2


def test_patients_guests_and_tokens_without_the_scope_answer_nothing(network: NetworkRef) -> None:
    user = make_user(role=Role.PATIENT)
    visit = request_of(make_bookable(), patient_id=make_patient(user=user).pk)
    reader = Caller(network, token=token_for(network, ApiScope.APPOINTMENTS_READ))
    writer = Caller(network, token=token_for(network, ApiScope.APPOINTMENTS_WRITE))
    for caller in (person(network, user), Caller(network), reader):
        for answer in ("approve", "refuse"):
            assert caller.post(f"appointments/{visit.public_id}/{answer}/")[0] in {401, 403}
    for caller in (person(network, user), Caller(network), writer):
        assert caller.get(WAITING)[0] in {401, 403}
    assert Appointment.objects.get(pk=visit.pk).awaiting_approval


def test_requests_of_another_network_are_not_there(twin_networks: tuple[NetworkRef, NetworkRef]) -> None:
    mine, theirs = twin_networks
    with network_context(theirs):
        visit = request_of(make_bookable())
    program = Caller(mine, token=token_for(mine))
    assert program.post(f"appointments/{visit.public_id}/approve/")[0] == 404
    assert program.get(WAITING)[1]["results"] == []


def test_the_list_asks_as_much_for_three_as_for_one(network: NetworkRef) -> None:
    bookable = make_bookable()
    program = Caller(network, token=token_for(network))
    request_of(bookable)
    program.get(WAITING)
    with counted() as few:
        program.get(WAITING)
    request_of(bookable, 11)
    request_of(bookable, 12)
    with counted() as many:
        program.get(WAITING)
    assert len(few) == len(many)
