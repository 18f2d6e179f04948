"""A row of every listing of the back office, and who may do what to it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from django.db.models import Model
from django.utils import timezone

from saas.accounts.roles import Role
from tenants.audit.actions import SYSTEM, record
from tenants.booking.actions import book_appointment
from tenants.booking.models import (
    BookingCap,
    PolicyOverride,
    ReleaseWave,
    Resource,
    ResourcePool,
    ScheduleException,
    ServiceRequirement,
)
from tenants.booking.selectors import free_slots
from tenants.clinics.models import TravelTime
from tenants.doctors.models import FloatingBreak
from tenants.reviews.models import Review
from tenants.services.models import ServiceOverride
from tests.factories import (
    Bookable,
    make_bookable,
    make_category,
    make_clinic,
    make_doctor,
    make_service,
    make_specialization,
    make_user,
)

EVERYTHING: Final = frozenset({"list", "inspect", "add", "edit", "delete", "history"})
LOOK: Final = frozenset({"list", "inspect"})
MANAGERS: Final = frozenset({Role.OWNER, Role.MANAGER})
ROLES: Final = (Role.OWNER, Role.MANAGER, Role.RECEPTION, Role.DOCTOR, Role.PATIENT)


@dataclass(frozen=True)
class Room:
    """`has`: the steps that exist at all. `also`: what roles other than the managers may do, who may do all of it."""

    path: str
    has: frozenset[str] = EVERYTHING
    also: dict[Role, frozenset[str]] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.path

    def allowed(self, role: Role) -> frozenset[str]:
        return self.has if role in MANAGERS else self.also.get(role, frozenset())

    def address(self, step: str, pk: object) -> str:
        tail = {"list": "", "add": "new/"}.get(step, f"{step}/{pk}/")
        return f"/cms/{self.path}/{tail}"


_LOOKED_AT: Final = {Role.RECEPTION: LOOK, Role.DOCTOR: LOOK}
ROOMS: Final = (
    Room("clinics", also=_LOOKED_AT),
    Room("doctors", also=_LOOKED_AT),
    Room("hours", also=_LOOKED_AT),
    Room("services", also=_LOOKED_AT),
    Room("specializations"),
    Room("categories"),
    Room("special-prices"),
    Room("exceptions", also=_LOOKED_AT),
    Room("breaks"),
    Room("ways"),
    Room("rooms"),
    Room("pools"),
    Room("requirements"),
    Room("special-rules"),
    Room("limits"),
    Room("waves"),
    Room("appointments", has=LOOK, also={Role.RECEPTION: LOOK}),
    Room("patients", has=LOOK, also={Role.RECEPTION: LOOK}),
    Room("reviews", has=LOOK),
    Room("audit-log", has=LOOK),
    Room("users", has=frozenset({"list", "add", "edit", "history"})),
)


def make_row(path: str) -> Model:
    """One more row of this listing. Rows that others hang on are new each time."""
    ready = make_bookable()
    if path in _ROWS:
        return _ROWS[path](ready)
    if path in {"clinics", "doctors", "services"}:
        makers = {"clinics": make_clinic, "doctors": make_doctor, "services": make_service}
        row: Model = makers[path]()
    elif path == "hours":
        row = ready.hours[0]
    elif path == "special-prices":
        row = ServiceOverride.objects.create(service=ready.service, doctor=ready.doctor, price=Decimal(1900))
    elif path == "appointments":
        row = book(ready)
    elif path == "patients":
        row = ready.patient
    elif path == "reviews":
        row = Review.objects.create(doctor=ready.doctor, patient=ready.patient, rating=4, comment="Calm")
    elif path == "audit-log":
        row = record("test.looked", actor=SYSTEM, on=ready.clinic)
    else:
        row = make_user(role=Role.RECEPTION)
    return row


def _exception(ready: Bookable) -> Model:
    day = timezone.now().date()
    return ScheduleException.objects.create(
        scope="doctor", doctor=ready.doctor, clinic=ready.clinic, kind="block", start_date=day, end_date=day
    )


def _room(ready: Bookable) -> Resource:
    return Resource.objects.create(kind="room", name=f"Room {ready.clinic.pk}", clinic=ready.clinic)


def _pool(ready: Bookable) -> ResourcePool:
    pool = ResourcePool.objects.create(name=f"Pool {ready.clinic.pk}")
    pool.resources.add(_room(ready))
    return pool


_ROWS: Final[dict[str, Callable[[Bookable], Model]]] = {
    "specializations": lambda _ready: make_specialization(),
    "categories": lambda _ready: make_category(),
    "exceptions": _exception,
    "breaks": lambda ready: FloatingBreak.objects.create(
        doctor=ready.doctor, minutes=30, earliest=dt.time(12), latest=dt.time(15)
    ),
    "ways": lambda ready: TravelTime.objects.create(
        from_clinic=ready.clinic, to_clinic=make_clinic(), minutes=30
    ),
    "rooms": _room,
    "pools": _pool,
    "requirements": lambda ready: ServiceRequirement.objects.create(service=ready.service, pool=_pool(ready)),
    "special-rules": lambda ready: PolicyOverride.objects.create(service=ready.service, horizon_days=7),
    "limits": lambda ready: BookingCap.objects.create(doctor=ready.doctor, most=10),
    "waves": lambda ready: ReleaseWave.objects.create(doctor=ready.doctor, days_ahead=14, percent=50),
}


def book(ready: Bookable) -> Model:
    now = timezone.now()
    start = now.date() + dt.timedelta(days=3)
    slot = free_slots(
        doctor_id=ready.doctor.pk,
        service_id=ready.service.pk,
        start=start,
        end=start + dt.timedelta(days=1),
        now=now,
    )[0]
    return book_appointment(
        doctor_id=ready.doctor.pk,
        service_id=ready.service.pk,
        clinic_id=ready.clinic.pk,
        starts_at=slot.starts_at,
        patient_id=ready.patient.pk,
        source="desk",
        language="en",
        actor=SYSTEM,
        now=now,
    )
