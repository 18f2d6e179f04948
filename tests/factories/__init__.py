"""Plain functions that make valid rows in the entered network. Every call makes something new; nothing else."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import count
from typing import Any

from saas.accounts.actions import set_role
from saas.accounts.models import User
from saas.accounts.roles import Role
from tenants.clinics.models import Clinic
from tenants.doctors.models import Doctor, DoctorClinic, DoctorSchedule, DoctorSpecialization, Specialization
from tenants.patients.models import Patient
from tenants.services.models import Service, ServiceCategory

_numbers = count(1)
PASSWORD = "correct-horse-battery"


def make_clinic(**fields: Any) -> Clinic:
    """A clinic in Europe/Moscow unless said otherwise."""
    n = next(_numbers)
    values = {
        "name": f"Clinic {n}",
        "slug": f"clinic-{n}",
        "city": "Moscow",
        "address": f"Lesnaya 5, building {n}",
        "phone": "+74951234567",
        "time_zone": "Europe/Moscow",
    }
    return Clinic.objects.create(**{**values, **fields})


def make_specialization(**fields: Any) -> Specialization:
    n = next(_numbers)
    return Specialization.objects.create(
        **{
            "name": f"Specialization {n}",
            "slug": f"specialization-{n}",
            "doctor_title": f"Specialist {n}",
            **fields,
        }
    )


def make_user(*, role: Role = Role.PATIENT, password: str | None = None, **fields: Any) -> User:
    """A user who can sign in with `password` (nobody can when it is None). Staff get the group of their role."""
    n = next(_numbers)
    user = User.objects.create_user(
        fields.pop("email", f"user-{n}@example.org"),
        password,
        **{"first_name": "Anna", "last_name": f"Petrova{n}", **fields},
    )
    return set_role(user=user, role=role)


def make_doctor(
    *,
    clinics: Iterable[Clinic] = (),
    specializations: Iterable[Specialization] = (),
    services: Iterable[Service] = (),
    first_name: str = "Maria",
    last_name: str = "",
    **fields: Any,
) -> Doctor:
    """A doctor who works in `clinics` and gives `services`; no hours (see `make_hours`)."""
    n = next(_numbers)
    user = fields.pop("user", None) or User.objects.create_user(
        None,
        None,
        first_name=first_name,
        last_name=last_name or f"Sokolova{n:05}",  # lists by name are then in the order of making
        role=Role.DOCTOR,
        is_patient=False,
    )
    doctor = Doctor.objects.create(user=user, **{"slug": f"doctor-{n}", "experience_years": 10, **fields})
    for order, clinic in enumerate(clinics):
        DoctorClinic.objects.create(doctor=doctor, clinic=clinic, order=order)
    for order, specialization in enumerate(specializations):
        DoctorSpecialization.objects.create(doctor=doctor, specialization=specialization, order=order)
    doctor.services.set(services)
    return doctor


def make_category(**fields: Any) -> ServiceCategory:
    n = next(_numbers)
    return ServiceCategory.objects.create(**{"name": f"Category {n}", "slug": f"category-{n}", **fields})


def make_service(*, doctors: Iterable[Doctor] = (), clinics: Iterable[Clinic] = (), **fields: Any) -> Service:
    """A service of 30 minutes for 2500, given by `doctors` in `clinics`."""
    n = next(_numbers)
    values = {
        "name": f"Consultation {n}",
        "slug": f"consultation-{n}",
        "price": Decimal("2500.00"),
        "duration_minutes": 30,
        "category": fields.pop("category", None) or make_category(),
    }
    service = Service.objects.create(**{**values, **fields})
    service.doctors.set(doctors)
    service.clinics.set(clinics)
    return service


def make_patient(**fields: Any) -> Patient:
    n = next(_numbers)
    values = {
        "last_name": f"Ivanov{n}",
        "first_name": "Pavel",
        "phone": f"+7916{n:07d}",
        "email": f"patient-{n}@example.org",
    }
    return Patient.objects.create(**{**values, **fields})


def make_hours(
    *,
    doctor: Doctor,
    clinic: Clinic,
    days: Iterable[int] = range(7),
    windows: Sequence[tuple[str, str]] = (("09:00", "17:00"),),
    **fields: Any,
) -> list[DoctorSchedule]:
    """Weekly hours on `days` (0 Monday), wall clock of the clinic."""
    return [
        DoctorSchedule.objects.create(
            doctor=doctor,
            clinic=clinic,
            day_of_week=day,
            start_time=dt.time.fromisoformat(start),
            end_time=dt.time.fromisoformat(end),
            **fields,
        )
        for day in days
        for start, end in windows
    ]


@dataclass(frozen=True, slots=True)
class Bookable:
    """Everything that a booking needs."""

    clinic: Clinic
    doctor: Doctor
    service: Service
    patient: Patient
    hours: list[DoctorSchedule]


def make_bookable(
    *,
    time_zone: str = "Europe/Moscow",
    duration_minutes: int = 30,
    price: Decimal | int | str = "2500.00",
    days: Iterable[int] = range(7),
    windows: Sequence[tuple[str, str]] = (("09:00", "17:00"),),
    clinic: Clinic | None = None,
) -> Bookable:
    """A doctor with daily hours 9-17 in a clinic that offers one service of theirs, and a patient."""
    where = clinic or make_clinic(time_zone=time_zone)
    doctor = make_doctor(clinics=[where], specializations=[make_specialization()])
    service = make_service(
        doctors=[doctor], clinics=[where], duration_minutes=duration_minutes, price=Decimal(price)
    )
    hours = make_hours(doctor=doctor, clinic=where, days=days, windows=windows)
    return Bookable(clinic=where, doctor=doctor, service=service, patient=make_patient(), hours=hours)
