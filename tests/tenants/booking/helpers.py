"""Shared by the booking tests: one fixed moment, and booking with few words."""

from __future__ import annotations

import datetime as dt
from typing import Any

from tenants.audit.actions import GUEST
from tenants.booking.actions import book_appointment
from tenants.booking.models import Appointment, BookingPolicy
from tests.factories import Bookable

UTC = dt.UTC
NOW = dt.datetime(2027, 1, 11, 5, 0, tzinfo=UTC)
"""A Monday, 8:00 in Moscow."""

NINE = dt.datetime(2027, 1, 12, 6, 0, tzinfo=UTC)
"""Tuesday 9:00 in Moscow, when the usual hours begin."""


def book(bookable: Bookable, starts_at: dt.datetime = NINE, **changes: Any) -> Appointment:
    """Book as a guest would."""
    facts: dict[str, Any] = {
        "doctor_id": bookable.doctor.pk,
        "service_id": bookable.service.pk,
        "clinic_id": bookable.clinic.pk,
        "starts_at": starts_at,
        "patient_id": bookable.patient.pk,
        "source": "site",
        "language": "en",
        "actor": GUEST,
        "now": NOW,
    }
    return book_appointment(**{**facts, **changes})


def set_policy(**fields: int) -> BookingPolicy:
    """Change the network's booking rules."""
    policy, _created = BookingPolicy.objects.update_or_create(pk=1, defaults=fields)
    return policy
