"""Booking on the site: every step, every refusal with its status; nothing typed is lost or put into addresses."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from saas.networks.context import NetworkRef, network_context
from tenants.audit.actions import SYSTEM
from tenants.booking.actions import book_appointment
from tenants.booking.models import Appointment, AppointmentStatus
from tenants.booking.selectors import Slot, free_slots
from tenants.patients.models import Patient
from tests import factories
from tests.factories import Bookable

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

ClientFor = Callable[..., Any]
DETAILS = {
    "last_name": "Кузнецова",
    "first_name": "Вера",
    "phone": "8 (916) 123-45-67",
    "email": "vera@example.org",
    "consent": "on",
}


@pytest.fixture
def bookable(network: NetworkRef) -> Bookable:
    return factories.make_bookable()


@pytest.fixture
def client(network: NetworkRef, client_for: ClientFor) -> Any:
    return client_for(network)


def _slot(bookable: Bookable, number: int = 0) -> Slot:
    now = timezone.now()
    start = now.date() + dt.timedelta(days=3)
    slots = free_slots(
        doctor_id=bookable.doctor.pk,
        service_id=bookable.service.pk,
        start=start,
        end=start + dt.timedelta(days=1),
        now=now,
    )
    return slots[number]


def _address(bookable: Bookable, at: dt.datetime | str, /, **changes: str) -> str:
    text = at if isinstance(at, str) else at.strftime("%Y-%m-%dT%H:%MZ")
    query = {
        "doctor": bookable.doctor.slug,
        "service": bookable.service.slug,
        "clinic": bookable.clinic.slug,
        "at": text,
        **changes,
    }
    return f"/book/contacts/?{urlencode(query)}"


def _take(bookable: Bookable, slot: Slot) -> Appointment:
    return book_appointment(
        doctor_id=bookable.doctor.pk,
        service_id=bookable.service.pk,
        clinic_id=bookable.clinic.pk,
        starts_at=slot.starts_at,
        patient_id=factories.make_patient().pk,
        source="desk",
        language="en",
        actor=SYSTEM,
        now=timezone.now(),
    )


def _assert_kept(response: Any) -> None:
    page = BeautifulSoup(response.content, "lxml")
    for name in ("last_name", "first_name", "phone", "email"):
        field = page.select_one(f'input[name="{name}"]')
        assert field is not None, name
        assert field["value"] == DETAILS[name]


def test_booking_in_steps(bookable: Bookable, client: Any) -> None:
    slot = _slot(bookable)
    address = _address(bookable, slot.starts_at)
    assert client.get(address).status_code == 200
    check = client.post(address, {**DETAILS, "step": "contacts"})
    assert check.status_code == 200
    assert not Appointment.objects.exists()
    page = BeautifulSoup(check.content, "lxml")
    form = page.select_one('form:has(button[value="confirm"])')
    assert form is not None
    hidden = {field["name"]: field["value"] for field in form.select("input[type=hidden]")}
    done = client.post(address, {**hidden, "step": "confirm"})
    assert done.status_code == 303
    appointment = Appointment.objects.get()
    assert appointment.appointment_date == slot.starts_at
    assert appointment.source == "site"
    assert appointment.patient.phone == "+79161234567"
    after = client.get(done.headers["Location"])
    assert after.status_code == 200
    assert "no-store" in after.headers["Cache-Control"]
    assert not any(text in done.headers["Location"] for text in ("916", "vera", "%D0"))


def test_double_submit_books_once(bookable: Bookable, client: Any) -> None:
    address = _address(bookable, _slot(bookable).starts_at)
    sent = {**DETAILS, "step": "confirm", "key": str(uuid4())}
    first, second = client.post(address, sent), client.post(address, sent)
    assert first.status_code == second.status_code == 303
    assert Appointment.objects.count() == 1


def test_equal_key_for_another_booking_is_refused(bookable: Bookable, client: Any) -> None:
    sent = {**DETAILS, "step": "confirm", "key": str(uuid4())}
    client.post(_address(bookable, _slot(bookable).starts_at), sent)
    other = client.post(_address(bookable, _slot(bookable, 4).starts_at), sent)
    assert other.status_code == 422
    assert Appointment.objects.count() == 1


def test_slot_taken_meanwhile_is_a_409_with_alternatives(bookable: Bookable, client: Any) -> None:
    slot = _slot(bookable, 3)
    _take(bookable, slot)
    response = client.post(
        _address(bookable, slot.starts_at), {**DETAILS, "step": "confirm", "key": str(uuid4())}
    )
    assert response.status_code == 409
    _assert_kept(response)
    page = BeautifulSoup(response.content, "lxml")
    forms = page.select('form:has(button[value="contacts"])')
    assert len(forms) == 3
    again = client.post(forms[0]["action"], {**DETAILS, "step": "contacts"})
    assert again.status_code == 200
    assert Appointment.objects.count() == 1


def test_slot_taken_before_details_are_typed_is_a_409(bookable: Bookable, client: Any) -> None:
    slot = _slot(bookable)
    _take(bookable, slot)
    assert client.get(_address(bookable, slot.starts_at)).status_code == 409


def test_somebody_with_a_visit_at_that_time_is_told(bookable: Bookable, client: Any) -> None:
    other = factories.make_bookable(clinic=bookable.clinic)
    slot = _slot(bookable)
    sent = {**DETAILS, "step": "confirm"}
    assert client.post(_address(bookable, slot.starts_at), {**sent, "key": str(uuid4())}).status_code == 303
    response = client.post(_address(other, slot.starts_at), {**sent, "key": str(uuid4())})
    assert response.status_code == 409
    _assert_kept(response)


@pytest.mark.parametrize(
    ("shift", "status"),
    [
        (dt.timedelta(days=-30), 422),
        (dt.timedelta(days=400), 422),
        (dt.timedelta(minutes=7), 422),
        (dt.timedelta(hours=-10), 422),
    ],
)
def test_times_that_cannot_be_booked(
    shift: dt.timedelta, status: int, bookable: Bookable, client: Any
) -> None:
    at = _slot(bookable).starts_at + shift
    assert client.get(_address(bookable, at)).status_code == status
    response = client.post(_address(bookable, at), {**DETAILS, "step": "confirm", "key": str(uuid4())})
    assert response.status_code == status
    _assert_kept(response)
    assert not Appointment.objects.exists()
    assert not Patient.objects.filter(phone="+79161234567").exists()


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"doctor": "nobody"}, 404),
        ({"service": "nothing"}, 404),
        ({"clinic": "nowhere"}, 404),
        ({"at": "soon"}, 400),
        ({"at": ""}, 400),
        ({"at": "2026-12-01T10:00"}, 400),
        ({"doctor": "\x00"}, 404),
        ({"at": "99999-01-01T00:00Z"}, 400),
    ],
)
def test_unknown_or_damaged_parts_of_the_address(
    changes: dict[str, str], status: int, bookable: Bookable, client: Any
) -> None:
    address = _address(bookable, _slot(bookable).starts_at, **changes)
    assert client.get(address).status_code == status
    assert client.post(address, {**DETAILS, "step": "confirm"}).status_code == status


def test_doctor_who_does_not_offer_the_service_is_a_422(bookable: Bookable, client: Any) -> None:
    other = factories.make_bookable(clinic=bookable.clinic)
    address = _address(bookable, _slot(bookable).starts_at, service=other.service.slug)
    assert client.get(address).status_code == 422


@pytest.mark.parametrize(
    "phone",
    [
        "+79161234567",
        "89161234567",
        "8 916 123 45 67",
        "8 (916) 123-45-67",
        "+7 (916) 123-45-67",
        "7 916 123-45-67",
        "9161234567",
        "  +7-916-123-45-67 ",
        "8.916.123.45.67",
        "+7 916 1234567",
    ],
)
def test_ten_spellings_of_one_phone(phone: str, network: NetworkRef, bookable: Bookable, client: Any) -> None:
    address = _address(bookable, _slot(bookable).starts_at)
    response = client.post(address, {**DETAILS, "phone": phone, "step": "confirm", "key": str(uuid4())})
    assert response.status_code == 303
    assert Patient.objects.filter(phone="+79161234567").exists()


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("phone", "12"),
        ("phone", "call me"),
        ("phone", ""),
        ("last_name", ""),
        ("last_name", "   "),
        ("first_name", "x" * 200),
        ("email", "vera@"),
        ("consent", ""),
    ],
)
def test_bad_details_come_back_with_a_message(field: str, text: str, bookable: Bookable, client: Any) -> None:
    address = _address(bookable, _slot(bookable).starts_at)
    for step in ("contacts", "confirm"):
        response = client.post(address, {**DETAILS, field: text, "step": step})
        assert response.status_code == 422
        page = BeautifulSoup(response.content, "lxml")
        assert page.select_one(".error-summary") is not None
        assert page.select_one(f"#id_{field}_error") is not None
        kept = page.select_one("#id_last_name")
        assert kept is not None
        if field != "last_name":
            assert kept["value"] == DETAILS["last_name"]
    assert not Appointment.objects.exists()


def test_changing_details_keeps_them(bookable: Bookable, client: Any) -> None:
    response = client.post(_address(bookable, _slot(bookable).starts_at), {**DETAILS, "step": "edit"})
    assert response.status_code == 200
    _assert_kept(response)


def test_robots_are_stopped(bookable: Bookable, client: Any) -> None:
    address = _address(bookable, _slot(bookable).starts_at)
    response = client.post(address, {**DETAILS, "website": "http://spam", "step": "confirm"})
    assert response.status_code == 422
    assert not Appointment.objects.exists()


def test_too_many_attempts_are_a_429_that_keeps_what_was_typed(bookable: Bookable, client: Any) -> None:
    address = _address(bookable, _slot(bookable).starts_at)
    for _number in range(60):
        client.post(address, {**DETAILS, "phone": "12", "step": "contacts"})
    response = client.post(address, {**DETAILS, "step": "contacts"})
    assert response.status_code == 429
    assert int(response.headers["Retry-After"]) > 0
    _assert_kept(response)


def test_picker_explains_a_missing_time(bookable: Bookable, client: Any) -> None:
    slot = _slot(bookable, 2)
    _take(bookable, slot)
    day = slot.local_date.isoformat()
    response = client.get(f"/doctors/{bookable.doctor.slug}/?day={day}")
    page = BeautifulSoup(response.content, "lxml")
    missing = page.select("#booking a.slot.is-none")
    assert [slot.label in link.text for link in missing] == [True]
    note = page.select_one(".picker-note")
    assert note is not None
    assert slot.label in note.text
    assert "taken" in note.text


def test_picker_without_times_offers_another_doctor(bookable: Bookable, client: Any) -> None:
    other = factories.make_bookable(clinic=bookable.clinic)
    bookable.service.doctors.add(other.doctor)
    bookable.doctor.schedules.all().delete()
    response = client.get(f"/doctors/{bookable.doctor.slug}/")
    assert response.status_code == 200
    assert f"doctor={other.doctor.slug}" in response.content.decode()


def _link(bookable: Bookable, client: Any) -> str:
    address = _address(bookable, _slot(bookable).starts_at)
    done = client.post(address, {**DETAILS, "step": "confirm", "key": str(uuid4())})
    return str(done.headers["Location"]).removesuffix("booked/")


def test_visit_is_moved(bookable: Bookable, client: Any) -> None:
    link = _link(bookable, client)
    slot = _slot(bookable, 5)
    at = slot.starts_at.strftime("%Y-%m-%dT%H:%MZ")
    assert client.get(f"{link}move/").status_code == 200
    assert client.get(f"{link}move/check/?at={at}").status_code == 200
    assert client.post(f"{link}move/check/?at={at}", {"version": "1"}).status_code == 303
    assert Appointment.objects.get().appointment_date == slot.starts_at
    assert client.post(f"{link}move/check/?at={at}", {"version": "1"}).status_code == 409


def test_move_to_a_taken_time_is_a_409_and_nothing_changes(bookable: Bookable, client: Any) -> None:
    link = _link(bookable, client)
    before = Appointment.objects.get()
    slot = _slot(bookable, 5)
    _take(bookable, slot)
    at = slot.starts_at.strftime("%Y-%m-%dT%H:%MZ")
    assert client.post(f"{link}move/check/?at={at}", {"version": "1"}).status_code == 409
    after = Appointment.objects.get(pk=before.pk)
    assert (after.appointment_date, after.version) == (before.appointment_date, before.version)


def test_visit_is_cancelled_once(bookable: Bookable, client: Any) -> None:
    link = _link(bookable, client)
    assert client.get(f"{link}cancel/").status_code == 200
    assert client.post(f"{link}cancel/", {"version": "1"}).status_code == 303
    assert Appointment.objects.get().status == AppointmentStatus.CANCELLED
    assert client.post(f"{link}cancel/", {"version": "1"}).status_code == 409
    assert client.get(f"{link}move/").status_code == 409


def test_too_late_to_cancel_is_a_422_that_says_so(bookable: Bookable, client: Any) -> None:
    link = _link(bookable, client)
    appointment = Appointment.objects.get()
    appointment.policy = {**appointment.policy, "cancellation_cutoff_minutes": 60 * 24 * 30}
    appointment.save()
    response = client.post(f"{link}cancel/", {"version": "1"})
    assert response.status_code == 422
    assert Appointment.objects.get().status == AppointmentStatus.SCHEDULED


def test_calendar_file(bookable: Bookable, client: Any) -> None:
    response = client.get(f"{_link(bookable, client)}visit.ics")
    assert response.status_code == 200
    assert response.headers["Content-Type"].startswith("text/calendar")
    assert b"BEGIN:VEVENT" in response.content


@pytest.mark.parametrize(
    "part", ["", "move/", "cancel/", "booked/", "visit.ics", "move/check/?at=2026-12-01T10:00Z"]
)
def test_tampered_link_is_a_404(part: str, bookable: Bookable, client: Any) -> None:
    link = _link(bookable, client)
    assert client.get(f"{link[:-2]}x/{part}").status_code == 404


def test_expired_link_is_a_410(bookable: Bookable, client: Any) -> None:
    link = _link(bookable, client)
    with time_machine.travel(timezone.now() + dt.timedelta(days=500)):
        assert client.get(link).status_code == 410


def test_link_of_another_network_is_a_404(
    twin_networks: tuple[NetworkRef, NetworkRef], client_for: ClientFor
) -> None:
    first, second = twin_networks
    with network_context(first):
        link = _link(factories.make_bookable(), client_for(first))
    assert client_for(first).get(link).status_code == 200
    assert client_for(second).get(link).status_code == 404


def test_my_visits_shows_own_visits_in_constant_queries(bookable: Bookable, client: Any) -> None:
    assert client.get("/my/").status_code == 302
    user = factories.make_user()
    patient = factories.make_patient(user=user)
    client.force_login(user)
    empty = client.get("/my/")
    assert empty.status_code == 200
    counts = []
    page = empty
    for number in range(3):
        slot = _slot(bookable, number * 2)
        book_appointment(
            doctor_id=bookable.doctor.pk,
            service_id=bookable.service.pk,
            clinic_id=bookable.clinic.pk,
            starts_at=slot.starts_at,
            patient_id=patient.pk,
            source="site",
            language="en",
            actor=SYSTEM,
            now=timezone.now(),
        )
        if number in (0, 2):
            client.get("/my/")
            with CaptureQueriesContext(connection) as captured:
                page = client.get("/my/")
            counts.append(len(captured))
            assert page.content.count(b"card-cover") == number + 1
    assert counts[0] == counts[1]
    assert "no-store" in page.headers["Cache-Control"]
