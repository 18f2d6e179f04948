"""What the tests of booking on the site share: a free slot, its address, somebody else's booking."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.utils import timezone

from tenants.audit.actions import SYSTEM
from tenants.booking.actions import book_appointment
from tenants.booking.models import Appointment
from tenants.booking.selectors import Slot, free_slots
from tests import factories
from tests.factories import Bookable

ClientFor = Callable[..., Any]
DETAILS = {
    "last_name": "Кузнецова",
    "first_name": "Вера",
    "phone": "8 (916) 123-45-67",
    "email": "vera@example.org",
    "consent": "on",
}
"""What a visitor types."""


def slot_of(bookable: Bookable, number: int = 0) -> Slot:
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


def address_of(bookable: Bookable, at: dt.datetime | str, /, **changes: str) -> str:
    text = at if isinstance(at, str) else at.strftime("%Y-%m-%dT%H:%MZ")
    query = {
        "doctor": bookable.doctor.slug,
        "service": bookable.service.slug,
        "clinic": bookable.clinic.slug,
        "at": text,
        **changes,
    }
    return f"/book/contacts/?{urlencode(query)}"


def book_away(bookable: Bookable, slot: Slot) -> Appointment:
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
