"""Group sessions of the coming days, for the tests of the desk."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils import timezone

from tenants.audit.actions import SYSTEM
from tenants.booking.actions.groups import create_session, take_seat
from tenants.booking.models import Appointment, GroupSession
from tenants.patients.models import Patient
from tests.factories import Bookable, make_bookable, make_patient
from tests.fixtures.networks import NetworkClient
from tests.tenants.desk.calendar.world import MOSCOW

LIST = "/desk/sessions/"
NEW = "/desk/sessions/new/"


def group(**changes: Any) -> Bookable:
    """A doctor whose service is given to groups of eight."""
    bookable = make_bookable(**changes)
    bookable.service.group_capacity = 8
    bookable.service.save()
    return bookable


def at(days: int, clock: str = "10:00") -> dt.datetime:
    date = timezone.now().astimezone(MOSCOW).date() + dt.timedelta(days=days)
    return dt.datetime.combine(date, dt.time.fromisoformat(clock), MOSCOW)


def session_of(bookable: Bookable, days: int = 1, clock: str = "10:00", **changes: Any) -> GroupSession:
    facts: dict[str, Any] = {
        "doctor_id": bookable.doctor.pk,
        "service_id": bookable.service.pk,
        "clinic_id": bookable.clinic.pk,
        "starts_at": at(days, clock),
        "actor": SYSTEM,
        "now": timezone.now(),
    }
    return create_session(**{**facts, **changes})


def seat(session: GroupSession, patient: Patient | None = None) -> Appointment:
    return take_seat(
        session_id=session.public_id,
        patient_id=(patient or make_patient()).pk,
        source="site",
        language="en",
        actor=SYSTEM,
        now=timezone.now(),
        for_staff=True,
    )


def step(client: NetworkClient, visit: Appointment, action: str, **fields: Any) -> Any:
    """Carry out a step of a seat."""
    visit.refresh_from_db()
    url = f"/desk/sessions/seats/{visit.public_id}/{action}/"
    return client.post(url, {"version": visit.version, **fields})
