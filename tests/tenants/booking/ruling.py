"""Questions to the engine and the rules they meet, for the tests of rules."""

from __future__ import annotations

import datetime as dt
from typing import Any

from tenants.booking.models import (
    Appointment,
    Resource,
    ResourcePool,
    ServiceRequirement,
)
from tenants.booking.selectors import free_slots
from tests.factories import Bookable, make_patient
from tests.tenants.booking.helpers import NINE, NOW

TUESDAY = dt.date(2027, 1, 12)
HALF_HOUR = dt.timedelta(minutes=30)


def minutes(count: int) -> dt.timedelta:
    return dt.timedelta(minutes=count)


def asked(bookable: Bookable, starts_at: dt.datetime = NINE, **changes: Any) -> dict[str, Any]:
    return {
        "doctor_id": bookable.doctor.pk,
        "service_id": bookable.service.pk,
        "clinic_id": bookable.clinic.pk,
        "starts_at": starts_at,
        "now": NOW,
        **changes,
    }


def shown(bookable: Bookable, day: dt.date = TUESDAY, **changes: Any) -> list[str]:
    slots = free_slots(
        doctor_id=bookable.doctor.pk,
        service_id=bookable.service.pk,
        clinic_id=bookable.clinic.pk,
        start=day,
        end=day + dt.timedelta(days=1),
        now=NOW,
        **changes,
    )
    return [slot.label for slot in slots]


def others(bookable: Bookable, **changes: Any) -> dict[str, Any]:
    """Another patient."""
    return {"patient_id": make_patient().pk, **changes}


def make_room(bookable: Bookable, **fields: Any) -> Resource:
    return Resource.objects.create(**{"kind": "room", "name": "Room", "clinic": bookable.clinic, **fields})


def require(bookable: Bookable, *rooms: Resource, **fields: Any) -> ServiceRequirement:
    pool = ResourcePool.objects.create(name=f"Pool {ResourcePool.objects.count()}")
    pool.resources.set(rooms)
    return ServiceRequirement.objects.create(service=bookable.service, pool=pool, **fields)


def rooms_of(appointment: Appointment) -> list[int]:
    claims = appointment.claims.filter(active=True, resource__doctor=None).order_by("resource")
    return list(claims.values_list("resource_id", flat=True))
