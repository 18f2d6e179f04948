"""Booking on the site: every step, every refusal with its status; nothing typed is lost or put into addresses."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import uuid4

import pytest
from bs4 import BeautifulSoup

from saas.networks.context import NetworkRef
from tenants.booking.models import Appointment
from tenants.patients.models import Patient
from tests import factories
from tests.factories import Bookable
from tests.tenants.website.helpers import DETAILS, address_of, book_away, slot_of

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def _assert_kept(response: Any) -> None:
    page = BeautifulSoup(response.content, "lxml")
    for name in ("last_name", "first_name", "phone", "email"):
        field = page.select_one(f'input[name="{name}"]')
        assert field is not None, name
        assert field["value"] == DETAILS[name]


def test_booking_in_steps(bookable: Bookable, client: Any) -> None:
    slot = slot_of(bookable)
    address = address_of(bookable, slot.starts_at)
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
    address = address_of(bookable, slot_of(bookable).starts_at)
    sent = {**DETAILS, "step": "confirm", "key": str(uuid4())}
    first, second = client.post(address, sent), client.post(address, sent)
    assert first.status_code == second.status_code == 303
    assert Appointment.objects.count() == 1


def test_equal_key_for_another_booking_is_refused(bookable: Bookable, client: Any) -> None:
    sent = {**DETAILS, "step": "confirm", "key": str(uuid4())}
    client.post(address_of(bookable, slot_of(bookable).starts_at), sent)
    other = client.post(address_of(bookable, slot_of(bookable, 4).starts_at), sent)
    assert other.status_code == 422
    assert Appointment.objects.count() == 1


def test_slot_taken_meanwhile_is_a_409_with_alternatives(bookable: Bookable, client: Any) -> None:
    slot = slot_of(bookable, 3)
    book_away(bookable, slot)
    response = client.post(
        address_of(bookable, slot.starts_at), {**DETAILS, "step": "confirm", "key": str(uuid4())}
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
    slot = slot_of(bookable)
    book_away(bookable, slot)
    assert client.get(address_of(bookable, slot.starts_at)).status_code == 409


def test_somebody_with_a_visit_at_that_time_is_told(bookable: Bookable, client: Any) -> None:
    other = factories.make_bookable(clinic=bookable.clinic)
    slot = slot_of(bookable)
    sent = {**DETAILS, "step": "confirm"}
    assert client.post(address_of(bookable, slot.starts_at), {**sent, "key": str(uuid4())}).status_code == 303
    response = client.post(address_of(other, slot.starts_at), {**sent, "key": str(uuid4())})
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
    at = slot_of(bookable).starts_at + shift
    assert client.get(address_of(bookable, at)).status_code == status
    response = client.post(address_of(bookable, at), {**DETAILS, "step": "confirm", "key": str(uuid4())})
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
    address = address_of(bookable, slot_of(bookable).starts_at, **changes)
    assert client.get(address).status_code == status
    assert client.post(address, {**DETAILS, "step": "confirm"}).status_code == status


def test_doctor_who_does_not_offer_the_service_is_a_422(bookable: Bookable, client: Any) -> None:
    other = factories.make_bookable(clinic=bookable.clinic)
    address = address_of(bookable, slot_of(bookable).starts_at, service=other.service.slug)
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
    address = address_of(bookable, slot_of(bookable).starts_at)
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
    address = address_of(bookable, slot_of(bookable).starts_at)
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
    response = client.post(address_of(bookable, slot_of(bookable).starts_at), {**DETAILS, "step": "edit"})
    assert response.status_code == 200
    _assert_kept(response)


def test_robots_are_stopped(bookable: Bookable, client: Any) -> None:
    address = address_of(bookable, slot_of(bookable).starts_at)
    response = client.post(address, {**DETAILS, "website": "http://spam", "step": "confirm"})
    assert response.status_code == 422
    assert not Appointment.objects.exists()


def test_too_many_attempts_are_a_429_that_keeps_what_was_typed(bookable: Bookable, client: Any) -> None:
    address = address_of(bookable, slot_of(bookable).starts_at)
    for _number in range(60):
        client.post(address, {**DETAILS, "phone": "12", "step": "contacts"})
    response = client.post(address, {**DETAILS, "step": "contacts"})
    assert response.status_code == 429
    assert int(response.headers["Retry-After"]) > 0
    _assert_kept(response)


def test_picker_explains_a_missing_time(bookable: Bookable, client: Any) -> None:
    slot = slot_of(bookable, 2)
    book_away(bookable, slot)
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
