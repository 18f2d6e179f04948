"""Booking through the API: who may, what is written, what is shown to whom, what is refused."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from saas.accounts.roles import Role
from saas.networks.context import NetworkRef, network_context
from tenants.api.models import ApiScope, ApiToken
from tenants.audit.models import AuditEvent
from tenants.booking.models import Appointment, IdempotencyKey
from tenants.outbox.models import OutboxEvent
from tenants.patients.models import Patient
from tests.factories import Bookable, make_bookable, make_patient, make_user
from tests.tenants.api.asking import CONTACTS, Caller, NetworkClient, at, counted, token_for, wish

pytestmark = pytest.mark.django_db


@pytest.fixture
def one(network: NetworkRef) -> Bookable:
    return make_bookable()


def signed_in(network: NetworkRef, role: Role = Role.PATIENT, **fields: Any) -> Caller:
    client = NetworkClient(network)
    client.force_login(make_user(role=role, **fields))
    return Caller(network, client=client)


def test_a_guest_books_and_gets_a_link_but_nobodys_data(network: NetworkRef, one: Bookable) -> None:
    status, body = Caller(network).post("appointments/", wish(one))
    assert status == 201
    stored = Appointment.objects.get()
    assert body["id"] == str(stored.public_id)
    assert (body["starts_at"], body["status"], body["price"]) == (at(10), "scheduled", "2500.00")
    assert body["patient"] is None
    assert body["manage_url"].startswith(f"http://{network.primary_host}/visits/")
    assert (stored.patient.phone, stored.source, stored.language) == ("+79161234567", "api", "en")
    assert OutboxEvent.objects.count() == 1
    assert AuditEvent.objects.filter(actor_kind="guest").exists()


def test_a_token_books_within_the_budget_of_queries(network: NetworkRef, one: Bookable) -> None:
    caller = Caller(network, token=token_for(network))
    caller.post("appointments/", wish(one, at(9)), **{"idempotency-key": "first"})
    ApiToken.objects.update(last_used_on=None)  # the first call of a day has the same budget
    contacts = {**CONTACTS, "last_name": "Newcomer"}
    with counted() as seen:
        status, body = caller.post(
            "appointments/", wish(one, patient=contacts), **{"idempotency-key": "second"}
        )
    assert status == 201
    assert body["patient"]["last_name"] == "Newcomer"
    statements = [
        sql for sql in seen if "SAVEPOINT" not in sql
    ]  # the test's own transaction makes them savepoints
    assert len(statements) <= 14, "\n".join(statements)


@pytest.mark.parametrize(
    "field",
    [
        "price",
        "status",
        "payment_status",
        "role",
        "is_staff",
        "owner",
        "paid",
        "tenant",
        "schema_name",
        "patient_id",
        "source",
    ],
)
def test_no_field_beyond_the_documented_can_be_assigned(
    network: NetworkRef, one: Bookable, field: str
) -> None:
    status, body = Caller(network).post("appointments/", wish(one, **{field: "1"}))
    assert (status, body["fields"][field][0]["code"]) == (400, "unknown_field")
    status, body = Caller(network).post("appointments/", wish(one, patient={**CONTACTS, field: "1"}))
    assert (status, body["fields"][f"patient.{field}"][0]["code"]) == (400, "unknown_field")
    assert not Appointment.objects.exists()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"patient": {**CONTACTS, "phone": "12"}}, "patient.phone"),
        ({"patient": {**CONTACTS, "email": "nonsense"}}, "patient.email"),
        ({"patient": {**CONTACTS, "last_name": " "}}, "patient.last_name"),
        ({"patient": {**CONTACTS, "first_name": "A\nB"}}, "patient.first_name"),
        ({"patient": None}, "patient"),
        ({"starts_at": "2027-01-01T10:00:00"}, "starts_at"),
        ({"starts_at": "soon"}, "starts_at"),
        ({"language": "xx"}, "language"),
        ({"doctor": "one"}, "doctor"),
    ],
)
def test_wrong_input_names_its_field_and_writes_nothing(
    network: NetworkRef, one: Bookable, change: dict[str, Any], field: str
) -> None:
    before = Patient.objects.count()
    status, body = Caller(network).post("appointments/", wish(one, **change))
    assert status == 400
    assert list(body["fields"]) == [field]
    assert Patient.objects.count() == before


@pytest.mark.parametrize(
    ("starts_at", "status", "code"),
    [
        (at(10, days=-3), 422, "in_past"),
        (at(10, days=200), 422, "beyond_horizon"),
        (at(3), 422, "not_working"),
        (at(10, 7), 422, "misaligned"),
    ],
)
def test_the_clinics_rules_refuse_with_their_codes(
    network: NetworkRef, one: Bookable, starts_at: str, status: int, code: str
) -> None:
    answer = Caller(network).post("appointments/", wish(one, starts_at))
    assert (answer[0], answer[1]["code"]) == (status, code)
    assert not Patient.objects.filter(last_name="Orlova").exists()


def test_what_is_unknown_or_not_offered_is_refused(network: NetworkRef, one: Bookable) -> None:
    other = make_bookable()
    caller = Caller(network)
    assert caller.post("appointments/", wish(one, service=other.service.pk))[1]["code"] == "not_offered"
    for field in ("doctor", "service", "clinic"):
        status, body = caller.post("appointments/", {**wish(one), field: 424242})
        assert (status, body["code"]) == (422, f"{field}_unknown")


def test_a_taken_time_is_answered_with_alternatives(network: NetworkRef, one: Bookable) -> None:
    caller = Caller(network)
    assert caller.post("appointments/", wish(one))[0] == 201
    status, body = caller.post("appointments/", wish(one, patient={**CONTACTS, "last_name": "Second"}))
    assert (status, body["code"]) == (409, "slot_taken")
    alternative = body["params"]["alternatives"][0]
    assert set(alternative) == {"starts_at", "doctor", "clinic", "service"}
    again = wish(one, alternative["starts_at"], patient={**CONTACTS, "last_name": "Second"})
    assert caller.post("appointments/", again)[0] == 201


def test_a_repeated_key_gets_the_first_answer_to_the_byte(network: NetworkRef, one: Bookable) -> None:
    client = NetworkClient(network)

    def send(body: dict[str, object], key: str = "k-1") -> tuple[int, bytes, str]:
        answer = client.post(
            "/api/v1/appointments/", body, content_type="application/json", headers={"idempotency-key": key}
        )
        return answer.status_code, answer.content, answer.headers.get("Idempotency-Replayed", "")

    first, second = send(wish(one)), send(wish(one))
    assert first[0] == 201
    assert second == (201, first[1], "true")
    assert Appointment.objects.count() == 1
    assert send(wish(one, at(11)))[0] == 422
    assert send(wish(one, at(11)), key="bad key")[0] == 400
    assert send(wish(one), key="k-2")[0] == 409
    assert IdempotencyKey.objects.count() == 1  # a refusal is not remembered


def test_a_signed_in_patient_books_and_lists_only_their_own(network: NetworkRef, one: Bookable) -> None:
    Caller(network).post("appointments/", wish(one))
    mine = signed_in(network, phone="+79165550000")
    body = wish(one, at(11))
    del body["patient"]
    status, booked = mine.post("appointments/", body)
    assert (status, booked["patient"]) == (201, None)
    listed = mine.get("appointments/")[1]
    assert [row["id"] for row in listed["results"]] == [booked["id"]]
    other = Appointment.objects.exclude(public_id=booked["id"]).get()
    assert mine.get(f"appointments/{other.public_id}/")[0] == 404
    assert mine.post(f"appointments/{other.public_id}/cancel/")[0] == 404
    assert mine.get(f"appointments/{uuid4()}/")[0] == 404


def test_a_session_cannot_write_without_its_csrf_token(network: NetworkRef, one: Bookable) -> None:
    client = NetworkClient(network, enforce_csrf_checks=True)
    client.force_login(make_user())
    status, body = Caller(network, client=client).post("appointments/", wish(one))
    assert (status, body["code"]) == (403, "forbidden")
    assert (
        Caller(network, client=NetworkClient(network, enforce_csrf_checks=True)).post(
            "appointments/", wish(one)
        )[0]
        == 201
    )


def test_doctors_see_their_own_and_reception_sees_all(network: NetworkRef, one: Bookable) -> None:
    other = make_bookable()
    guest = Caller(network)
    guest.post("appointments/", wish(one))
    guest.post("appointments/", wish(other, at(11)))
    client = NetworkClient(network)
    client.force_login(one.doctor.user)
    doctor = Caller(network, client=client)
    [row] = doctor.get("appointments/")[1]["results"]
    assert row["doctor"]["id"] == one.doctor.pk
    assert row["patient"]["phone"] == "+79161234567"
    foreign = Appointment.objects.get(doctor=other.doctor).public_id
    assert doctor.post(f"appointments/{foreign}/cancel/")[0] == 404
    for role in (Role.RECEPTION, Role.MANAGER, Role.OWNER):
        assert signed_in(network, role).get("appointments/")[1]["count"] == 2
    reception = signed_in(network, Role.RECEPTION)
    assert reception.get(f"appointments/?doctor={other.doctor.pk}&status=scheduled")[1]["count"] == 1
    assert reception.get("appointments/?status=gone")[1]["fields"]["status"][0]["code"] == "invalid_choice"


def test_scopes_say_what_a_token_may(network: NetworkRef, one: Bookable) -> None:
    writes = Caller(network, token=token_for(network, ApiScope.APPOINTMENTS_WRITE))
    reads = Caller(network, token=token_for(network, ApiScope.APPOINTMENTS_READ))
    status, booked = writes.post("appointments/", wish(one))
    assert (status, booked["patient"]) == (201, None)
    assert writes.get("appointments/")[0] == 403
    assert writes.get("doctors/")[0] == 403
    assert reads.post("appointments/", wish(one, at(11)))[0] == 403
    assert reads.post(f"appointments/{booked['id']}/cancel/")[0] == 403
    assert reads.get(f"appointments/{booked['id']}/")[1]["patient"]["phone"] == "+79161234567"
    assert AuditEvent.objects.filter(actor_kind="token").exists()


def test_a_visit_is_moved_and_cancelled(network: NetworkRef, one: Bookable) -> None:
    caller = Caller(network, token=token_for(network))
    booked = caller.post("appointments/", wish(one))[1]
    path = f"appointments/{booked['id']}/"
    status, moved = caller.post(f"{path}reschedule/", {"starts_at": at(12), "version": booked["version"]})
    assert (status, moved["starts_at"]) == (200, at(12))
    assert moved["version"] > booked["version"]
    status, stale = caller.post(f"{path}cancel/", {"version": booked["version"]})
    assert (status, stale["code"]) == (409, "stale_version")
    status, cancelled = caller.post(f"{path}cancel/", {"reason": "ill"})
    assert (status, cancelled["status"]) == (200, "cancelled")
    assert caller.post(f"{path}cancel/")[1]["code"] == "wrong_status"
    assert caller.get(path)[1]["status"] == "cancelled"


def test_a_list_costs_the_same_for_one_and_three_rows(network: NetworkRef, one: Bookable) -> None:
    caller = Caller(network, token=token_for(network))
    caller.post("appointments/", wish(one))
    with counted() as few:
        caller.get("appointments/")
    for hour in (11, 12):
        caller.post("appointments/", wish(one, at(hour), patient={**CONTACTS, "last_name": f"Person{hour}"}))
    with counted() as many:
        assert caller.get("appointments/")[1]["count"] == 3
    assert (len(few), len(many)) == (3, 3)


def test_a_foreign_appointment_is_not_found(twin_networks: tuple[NetworkRef, NetworkRef]) -> None:
    a, b = twin_networks
    with network_context(a):
        booked = Caller(a).post("appointments/", wish(make_bookable()))[1]
    with network_context(b):
        make_bookable()
        make_patient()
    caller = Caller(b, token=token_for(b))
    assert caller.get(f"appointments/{booked['id']}/")[0] == 404
    assert caller.post(f"appointments/{booked['id']}/cancel/")[0] == 404
    assert caller.get("appointments/")[1]["count"] == 0
