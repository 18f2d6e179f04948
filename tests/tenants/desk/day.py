"""A day at the desk for tests: people of every role and visits around now."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils import timezone

from saas.accounts.models import User
from saas.accounts.roles import Role
from tenants.audit.actions import SYSTEM
from tenants.booking.actions import book_appointment
from tenants.booking.models import Appointment
from tests.factories import Bookable, make_bookable, make_user

ALWAYS = (("00:00", "23:45"),)


def open_clinic(**options: Any) -> Bookable:
    """A doctor who works around the clock, so that tests do not depend on the hour; visits last 15 minutes."""
    return make_bookable(windows=ALWAYS, duration_minutes=15, time_zone="UTC", **options)


def visit_at(
    bookable: Bookable, *, minutes: int, patient: Any = None, now: dt.datetime | None = None
) -> Appointment:
    """Book a visit that begins so many minutes from now, on a quarter of an hour; the past is booked in the past."""
    moment = now or timezone.now()
    starts_at = (moment + dt.timedelta(minutes=minutes)).replace(second=0, microsecond=0)
    starts_at -= dt.timedelta(minutes=starts_at.minute % 15)
    return book_appointment(
        doctor_id=bookable.doctor.pk,
        service_id=bookable.service.pk,
        clinic_id=bookable.clinic.pk,
        starts_at=starts_at,
        patient_id=(patient or bookable.patient).pk,
        source="desk",
        language="en",
        actor=SYSTEM,
        now=min(moment, starts_at) - dt.timedelta(hours=2),
        for_staff=True,
    )


def staff(role: Role) -> User:
    return make_user(role=role)
