"""The manage link of a visit: moving, cancelling, the calendar file; links damaged, expired and foreign."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from saas.networks.context import NetworkRef, network_context
from tenants.audit.actions import SYSTEM
from tenants.booking.actions import book_appointment
from tenants.booking.models import Appointment, AppointmentStatus
from tests import factories
from tests.factories import Bookable
from tests.tenants.website.helpers import DETAILS, ClientFor, address_of, book_away, slot_of

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def _link(bookable: Bookable, client: Any) -> str:
    address = address_of(bookable, slot_of(bookable).starts_at)
    done = client.post(address, {**DETAILS, "step": "confirm", "key": str(uuid4())})
    return str(done.headers["Location"]).removesuffix("booked/")


def test_visit_is_moved(bookable: Bookable, client: Any) -> None:
    link = _link(bookable, client)
    slot = slot_of(bookable, 5)
    at = slot.starts_at.strftime("%Y-%m-%dT%H:%MZ")
    assert client.get(f"{link}move/").status_code == 200
    assert client.get(f"{link}move/check/?at={at}").status_code == 200
    done = client.post(f"{link}move/check/?at={at}", {"version": "1"})
    assert done.status_code == 303
    assert "The visit has been moved" in client.get(done["Location"]).content.decode()
    assert "The visit has been moved" not in client.get(link).content.decode()
    assert Appointment.objects.get().appointment_date == slot.starts_at
    assert client.post(f"{link}move/check/?at={at}", {"version": "1"}).status_code == 409


def test_move_to_a_taken_time_is_a_409_and_nothing_changes(bookable: Bookable, client: Any) -> None:
    link = _link(bookable, client)
    before = Appointment.objects.get()
    slot = slot_of(bookable, 5)
    book_away(bookable, slot)
    at = slot.starts_at.strftime("%Y-%m-%dT%H:%MZ")
    assert client.post(f"{link}move/check/?at={at}", {"version": "1"}).status_code == 409
    after = Appointment.objects.get(pk=before.pk)
    assert (after.appointment_date, after.version) == (before.appointment_date, before.version)


def test_visit_is_cancelled_once(bookable: Bookable, client: Any) -> None:
    link = _link(bookable, client)
    assert client.get(f"{link}cancel/").status_code == 200
    assert client.post(f"{link}cancel/", {"version": "1"}).status_code == 303
    assert Appointment.objects.get().status == AppointmentStatus.CANCELLED
    assert "The visit is cancelled" in client.get(f"{link}?done=moved").content.decode()
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
        slot = slot_of(bookable, number * 2)
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
