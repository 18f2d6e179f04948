"""The booking panel: what is looked for, the next free times, what can be chosen."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.utils import timezone

from saas.core.sorting import alphabetical
from tenants.booking.selectors import Slot, first_free_slots, free_slots
from tenants.clinics.models import Clinic
from tenants.desk.calendar.sheet import short_name
from tenants.doctors.models import Doctor, Specialization
from tenants.patients.models import Patient
from tenants.services.models import Service

TIMES: Final = 5
_LOOK_DAYS: Final = 60
_LONGEST_ID: Final = 9
_PARTS: Final = 4


@dataclass(frozen=True, slots=True)
class Wish:
    """What a patient wants; None where anything will do. `from_date` is a local date of the clinic."""

    specialization: int | None
    doctor: int | None
    service: int | None
    clinic: int | None
    from_date: dt.date | None


@dataclass(frozen=True, slots=True)
class Time:
    """A free time with its names. `value` is what the form sends back."""

    slot: Slot
    doctor: str
    clinic: str
    service: str
    value: str


@dataclass(frozen=True, slots=True)
class Choices:
    """What the panel offers to choose from, narrowed by what is chosen already."""

    specializations: list[Specialization]
    doctors: list[Doctor]
    services: list[Service]
    clinics: list[Clinic]


def wish_of(data: Mapping[str, str]) -> Wish:
    """Read a wish from a query string or form; what makes no sense is left open."""
    try:
        from_date = dt.date.fromisoformat(data.get("from", ""))
    except ValueError:
        from_date = None
    return Wish(
        specialization=_id(data.get("specialization", "")),
        doctor=_id(data.get("doctor", "")),
        service=_id(data.get("service", "")),
        clinic=_id(data.get("clinic", "")),
        from_date=from_date,
    )


def choices_for(wish: Wish) -> Choices:
    """Return what can be chosen: doctors of the specialization and clinic, services of the doctor. Four queries."""
    doctors = Doctor.objects.filter(is_active=True).select_related("user")
    services = Service.objects.filter(is_active=True, group_capacity=1, doctors__is_active=True)
    if wish.specialization is not None:
        doctors = doctors.filter(specialization_links__specialization=wish.specialization)
        services = services.filter(doctors__specialization_links__specialization=wish.specialization)
    if wish.clinic is not None:
        doctors = doctors.filter(clinic_links__clinic=wish.clinic)
        services = services.filter(clinics=wish.clinic)
    if wish.doctor is not None:
        services = services.filter(doctors=wish.doctor)
    if wish.service is not None:
        doctors = doctors.filter(services=wish.service)
    return Choices(
        specializations=list(
            Specialization.objects.filter(doctors__is_active=True)
            .distinct()
            .order_by(*alphabetical("name", "id"))
        ),
        doctors=list(doctors.distinct().order_by(*alphabetical("user__last_name", "user__first_name", "pk"))),
        services=list(services.distinct().order_by(*alphabetical("name", "id"))),
        clinics=list(Clinic.objects.filter(is_active=True).order_by(*alphabetical("name", "id"))),
    )


def next_times(wish: Wish, choices: Choices, *, now: dt.datetime, limit: int = TIMES) -> list[Time]:
    """Return the soonest free times that fit, at most `limit`.

    With doctor and service known they are those of staff (no notice, no horizon) from `from_date` on.
    """
    if wish.doctor is not None and wish.service is not None:
        start = max(wish.from_date or dt.date.min, now.date() - dt.timedelta(days=1))
        slots = free_slots(
            doctor_id=wish.doctor,
            service_id=wish.service,
            clinic_id=wish.clinic,
            start=start,
            end=start + dt.timedelta(days=_LOOK_DAYS),
            now=now,
            for_staff=True,
        )[:limit]
    else:
        slots = _soonest(wish, now=now, limit=limit)
    return named(slots, choices)


def named(slots: list[Slot], choices: Choices) -> list[Time]:
    """Give slots the names that a person reads. No query when the choices hold them all, else three."""
    doctors = {doctor.pk: _called(doctor) for doctor in choices.doctors}
    services = {service.pk: service.name for service in choices.services}
    clinics = {clinic.pk: clinic.name for clinic in choices.clinics}
    if any(slot.doctor_id not in doctors or slot.service_id not in services for slot in slots):
        ids = {slot.doctor_id for slot in slots}
        doctors |= {
            each.pk: _called(each) for each in Doctor.objects.filter(pk__in=ids).select_related("user")
        }
        wanted = Service.objects.filter(pk__in={slot.service_id for slot in slots})
        services |= dict(wanted.values_list("pk", "name"))
    return [
        Time(
            slot=slot,
            doctor=doctors.get(slot.doctor_id, ""),
            clinic=clinics.get(slot.clinic_id, ""),
            service=services.get(slot.service_id, ""),
            value=f"{slot.doctor_id}.{slot.clinic_id}.{slot.service_id}.{int(slot.starts_at.timestamp())}",
        )
        for slot in slots
    ]


def place_of(value: str) -> tuple[int, int, int, dt.datetime] | None:
    """Read doctor, clinic, service and instant back; None for anything that this page did not offer."""
    parts = value.split(".")
    if len(parts) != _PARTS or not all(part.isascii() and part.isdigit() for part in parts):
        return None
    doctor, clinic, service, seconds = (int(part) if len(part) <= len("9999999999") else 0 for part in parts)
    return doctor, clinic, service, dt.datetime.fromtimestamp(seconds, tz=dt.UTC)


def patient_of(public_id: str) -> Patient | None:
    """Return the patient who was picked; None for nobody."""
    try:
        return Patient.objects.filter(public_id=public_id).first() if public_id else None
    except ValueError:
        return None


def _soonest(wish: Wish, *, now: dt.datetime, limit: int) -> list[Slot]:
    since = now
    if wish.from_date is not None and wish.from_date > now.date():
        since = dt.datetime.combine(wish.from_date, dt.time(), tzinfo=timezone.get_default_timezone())
    slots = first_free_slots(
        limit=limit if wish.doctor is None else limit * 20,
        service_id=wish.service,
        clinic_id=wish.clinic,
        specialization_id=wish.specialization,
        now=since,
    )
    if wish.doctor is not None:
        slots = [slot for slot in slots if slot.doctor_id == wish.doctor]
    return slots[:limit]


def _called(doctor: Doctor) -> str:
    return short_name(doctor.user.last_name, doctor.user.first_name)


def _id(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _LONGEST_ID else None
