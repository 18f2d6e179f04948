"""What the tests of working time type into forms, and visits for them to break."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils import timezone

from tenants.audit.actions import GUEST
from tenants.booking.actions import book_appointment
from tenants.booking.models import (
    Appointment,
)
from tests.factories import Bookable, make_patient


def day_ahead(days: int) -> dt.date:
    return timezone.now().date() + dt.timedelta(days=days)


def visit_on(ready: Bookable, day: dt.date, hour: int = 7) -> Appointment:
    """A visit at 10:00 in Moscow, unless said otherwise."""
    return book_appointment(
        doctor_id=ready.doctor.pk,
        service_id=ready.service.pk,
        clinic_id=ready.clinic.pk,
        starts_at=dt.datetime.combine(day, dt.time(hour), tzinfo=dt.UTC),
        patient_id=make_patient().pk,
        source="site",
        language="en",
        actor=GUEST,
        now=timezone.now(),
    )


def hours_fields(ready: Bookable, **fields: Any) -> dict[str, Any]:
    return {
        "doctor": ready.doctor.pk,
        "clinic": ready.clinic.pk,
        "repeats": "week",
        "day_of_week": 0,
        "every_weeks": 1,
        "start_time": "18:00",
        "end_time": "20:00",
        "state": "draft",
        "is_active": "on",
        **fields,
    }


def exception_fields(ready: Bookable, day: dt.date, **fields: Any) -> dict[str, Any]:
    return {
        "kind": "block",
        "scope": "doctor",
        "doctor": ready.doctor.pk,
        "start_date": day.isoformat(),
        "end_date": day.isoformat(),
        "repeat": "none",
        "reason": "Leave",
        **fields,
    }
