"""Writes the catalogue of a demo network: clinics, doctors, prices, hours. Everything is new; nothing is looked up."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal

from django.utils import timezone
from django.utils.text import slugify

from saas.accounts.models import User
from saas.accounts.roles import Role
from tenants.booking.remembering import forget
from tenants.clinics.models import Clinic, Organisation
from tenants.desk.demo.shapes import DemoDoctor, DemoNetwork
from tenants.doctors.models import Doctor, DoctorClinic, DoctorSchedule, DoctorSpecialization, Specialization
from tenants.doctors.transliteration import to_latin
from tenants.services.models import Service, ServiceCategory, ServiceOverride


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What was written, by the keys of the description (doctors by last name, services by name)."""

    clinics: dict[str, Clinic]
    doctors: dict[str, Doctor]
    services: dict[str, Service]


def write_catalogue(demo: DemoNetwork) -> Catalogue:
    """Write profile, clinics, specializations, doctors with their hours, and the price list."""
    write_profile(demo)
    clinics = {row.key: _clinic(demo, row.key) for row in demo.clinics}
    specializations = {
        row.key: Specialization.objects.create(
            name=row.name,
            slug=_slug(row.name),
            doctor_title=row.doctor_title,
            description=row.description,
            icon=row.icon,
        )
        for row in demo.specializations
    }
    doctors = {row.last_name: _doctor(demo, row, clinics, specializations) for row in demo.doctors}
    services = _price_list(demo, clinics, doctors)
    _overrides(demo, clinics, doctors, services)
    forget()  # rows written in bulk send no signals
    return Catalogue(clinics=clinics, doctors=doctors, services=services)


def write_profile(demo: DemoNetwork) -> None:
    """Say what the network tells its patients about itself, and open it to them."""
    profile = Organisation.objects.get(pk=1)
    profile.name, profile.tagline = demo.name, demo.tagline
    profile.phone, profile.email = demo.phone, demo.email
    profile.brand_colour = demo.brand_colour
    profile.went_live_at = profile.went_live_at or timezone.now()
    profile.save()


def _clinic(demo: DemoNetwork, key: str) -> Clinic:
    row = next(clinic for clinic in demo.clinics if clinic.key == key)
    weekdays, saturday, sunday = row.hours
    hours = {str(day): [list(window) for window in weekdays] for day in range(5)}
    hours |= {
        day: [list(window) for window in windows]
        for day, windows in (("5", saturday), ("6", sunday))
        if windows
    }
    latitude, longitude = row.coordinates
    return Clinic.objects.create(
        name=row.name,
        slug=_slug(row.name),
        city=row.city,
        address=row.address,
        phone=row.phone,
        email=row.email,
        time_zone=row.time_zone,
        working_hours=hours,
        coordinates={"lat": latitude, "lon": longitude},
        directions=row.directions,
        drawing=row.drawing,
    )


def _doctor(
    demo: DemoNetwork, row: DemoDoctor, clinics: dict[str, Clinic], specializations: dict[str, Specialization]
) -> Doctor:
    user = User(
        last_name=row.last_name,
        first_name=row.first_name,
        middle_name=row.middle_name,
        role=Role.DOCTOR,
        is_patient=False,
    )
    user.set_unusable_password()
    user.save()
    doctor = Doctor.objects.create(
        user=user,
        slug=_slug(f"{row.last_name} {row.first_name}"),
        portrait=row.portrait,
        bio=row.bio,
        education="\n".join(row.education),
        certificates=list(row.certificates),
        languages=list(row.languages),
        experience_years=timezone.now().year - row.since,
        consultation_price=Decimal(row.price),
    )
    clinic = clinics[row.clinic]
    DoctorClinic.objects.create(doctor=doctor, clinic=clinic, room=row.room)
    DoctorSpecialization.objects.bulk_create(
        [
            DoctorSpecialization(doctor=doctor, specialization=specializations[key], order=order)
            for order, key in enumerate(row.specializations)
        ]
    )
    DoctorSchedule.objects.bulk_create(
        [
            DoctorSchedule(
                doctor=doctor,
                clinic=clinic,
                day_of_week=day,
                start_time=dt.time.fromisoformat(start),
                end_time=dt.time.fromisoformat(end),
            )
            for days, windows in demo.rhythms[row.rhythm]
            for day in days
            for start, end in windows
        ]
    )
    return doctor


def _price_list(
    demo: DemoNetwork, clinics: dict[str, Clinic], doctors: dict[str, Doctor]
) -> dict[str, Service]:
    categories: dict[str, ServiceCategory] = {}
    for order, row in enumerate(demo.categories):
        categories[row.key] = ServiceCategory.objects.create(
            name=row.name, slug=_slug(row.name), order=order, parent=categories.get(row.parent)
        )
    services: dict[str, Service] = {}
    for line in demo.services:
        services[line.name] = Service.objects.create(
            name=line.name,
            slug=_slug(line.name),
            description=line.description,
            price=Decimal(line.price),
            duration_minutes=line.minutes,
            category=categories[line.category],
            preparation_instructions=line.preparation,
        )
    doctor_links, clinic_links = Service.doctors.through, Service.clinics.through
    given = services_by_doctor(demo)
    doctor_links.objects.bulk_create(
        [
            doctor_links(service_id=services[name].pk, doctor_id=doctors[last_name].pk)
            for last_name, names in given.items()
            for name in names
        ]
    )
    clinic_links.objects.bulk_create(
        [
            clinic_links(service_id=services[line.name].pk, clinic_id=clinics[key].pk)
            for line in demo.services
            for key in (line.clinics or tuple(clinics))
        ]
    )
    return services


def services_by_doctor(demo: DemoNetwork) -> dict[str, list[str]]:
    """Return the names of the services each doctor gives, by last name: those of their specializations."""
    given: dict[str, list[str]] = defaultdict(list)
    for doctor in demo.doctors:
        for line in demo.services:
            here = not line.clinics or doctor.clinic in line.clinics
            if here and set(line.specializations) & set(doctor.specializations):
                given[doctor.last_name].append(line.name)
    return given


def _overrides(
    demo: DemoNetwork, clinics: dict[str, Clinic], doctors: dict[str, Doctor], services: dict[str, Service]
) -> None:
    rows = [
        ServiceOverride(
            service=services[row.service],
            doctor=doctors.get(row.doctor),
            clinic=clinics.get(row.clinic),
            price=row.price,
            duration_minutes=row.minutes,
        )
        for row in demo.overrides
    ]
    rows += [
        ServiceOverride(
            service=services[line.name], is_first_visit=True, price=Decimal(line.first_visit_price)
        )
        for line in demo.services
        if line.first_visit_price is not None
    ]
    ServiceOverride.objects.bulk_create(rows)


def _slug(text: str) -> str:
    return slugify(to_latin(text))[:80]
