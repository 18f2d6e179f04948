"""What the site shows of a doctor, a clinic or a service in a list: small values, a constant number of queries."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.db.models import Prefetch, QuerySet

from saas.core.sorting import alphabetical
from tenants.booking.selectors import Slot, first_free_by_doctor, first_free_slots
from tenants.clinics.models import Clinic
from tenants.clinics.selectors import organisation
from tenants.doctors.models import Doctor, DoctorClinic, DoctorSpecialization, Specialization
from tenants.services.models import Service

SEARCHED_DOCTORS = 60
"""Of how many doctors the next free time is looked up for a strip of the soonest ones."""


@dataclass(frozen=True, slots=True)
class DoctorCard:
    """A doctor in a list. `next_free` is the first bookable slot, None when there is none within 30 days."""

    doctor: Doctor
    name: str
    titles: str
    clinics: tuple[Clinic, ...]
    next_free: Slot | None

    @property
    def path(self) -> str:
        return f"/doctors/{self.doctor.slug}/"


@dataclass(frozen=True, slots=True)
class SoonVisit:
    """A free time with the names a person needs to choose it."""

    slot: Slot
    doctor: Doctor
    service: Service
    clinic: Clinic

    @property
    def at(self) -> str:
        """The instant as addresses write it, in UTC to the minute."""
        return self.slot.starts_at.strftime("%Y-%m-%dT%H:%MZ")

    @property
    def path(self) -> str:
        """Where this very time is booked."""
        query = {
            "doctor": self.doctor.slug,
            "service": self.service.slug,
            "clinic": self.clinic.slug,
            "at": self.at,
        }
        return f"/book/contacts/?{urlencode(query)}"


def active_doctors() -> QuerySet[Doctor]:
    """Doctors who see patients, with name, specializations and open clinics at hand (four queries in all)."""
    return (
        Doctor.objects.filter(is_active=True)
        .select_related("user")
        .prefetch_related(
            Prefetch(
                "specialization_links", queryset=DoctorSpecialization.objects.select_related("specialization")
            ),
            Prefetch(
                "clinic_links",
                queryset=DoctorClinic.objects.filter(clinic__is_active=True).select_related("clinic"),
            ),
        )
        .order_by(*alphabetical("user__last_name", "user__first_name", "id"))
    )


def titles_of(doctor: Doctor) -> str:
    """What the doctor is, in the clinic's own words: "Cardiologist, functional diagnostics"."""
    words = [
        link.specialization.doctor_title or link.specialization.name
        for link in doctor.specialization_links.all()
    ]
    text = ", ".join(words)
    return text[:1].upper() + text[1:]


def clinics_of(doctor: Doctor) -> tuple[Clinic, ...]:
    return tuple(link.clinic for link in doctor.clinic_links.all())


def card_of(doctor: Doctor, next_free: Slot | None) -> DoctorCard:
    return DoctorCard(
        doctor=doctor,
        name=doctor.user.get_full_name(),
        titles=titles_of(doctor),
        clinics=clinics_of(doctor),
        next_free=next_free,
    )


def doctor_cards(
    doctors: Iterable[Doctor], *, now: datetime, service_id: int | None = None, clinic_id: int | None = None
) -> list[DoctorCard]:
    """Cards in the given order, each with its next free time for the service or clinic asked for."""
    rows = list(doctors)
    free = first_free_by_doctor(
        doctor_ids=[doctor.pk for doctor in rows], service_id=service_id, clinic_id=clinic_id, now=now
    )
    return [card_of(doctor, free.get(doctor.pk)) for doctor in rows]


def soonest_doctors(*, limit: int, now: datetime) -> list[DoctorCard]:
    """Return the doctors who can be seen soonest, then those without a free time."""
    found = doctor_cards(active_doctors()[:SEARCHED_DOCTORS], now=now)
    found.sort(key=lambda card: (card.next_free is None, card.next_free.starts_at if card.next_free else now))
    return found[:limit]


def soonest_visits(
    *,
    limit: int,
    now: datetime,
    service_id: int | None = None,
    clinic_id: int | None = None,
    specialization_id: int | None = None,
) -> list[SoonVisit]:
    """Return the soonest free times over all doctors, with names."""
    slots = first_free_slots(
        limit=limit, service_id=service_id, clinic_id=clinic_id, specialization_id=specialization_id, now=now
    )
    return name_slots(slots)


def name_slots(slots: Iterable[Slot]) -> list[SoonVisit]:
    """Put names to slots (three queries). A slot of something deleted meanwhile is left out."""
    rows = list(slots)
    if not rows:
        return []
    doctors = Doctor.objects.select_related("user").in_bulk({slot.doctor_id for slot in rows})
    services = Service.objects.in_bulk({slot.service_id for slot in rows})
    clinics = Clinic.objects.in_bulk({slot.clinic_id for slot in rows})
    return [
        SoonVisit(
            slot=slot,
            doctor=doctors[slot.doctor_id],
            service=services[slot.service_id],
            clinic=clinics[slot.clinic_id],
        )
        for slot in rows
        if slot.doctor_id in doctors and slot.service_id in services and slot.clinic_id in clinics
    ]


def specializations_in_use() -> list[Specialization]:
    """Specializations of at least one doctor who sees patients."""
    return list(
        Specialization.objects.filter(doctors__is_active=True)
        .distinct()
        .order_by(*alphabetical("name", "id"))
    )


def first_services(*, limit: int) -> list[Service]:
    """Services in the order of the price list."""
    return list(
        Service.objects.filter(is_active=True)
        .select_related("category")
        .order_by(*alphabetical("category__order", "category__name", "name"))[:limit]
    )


def clinic_cards() -> list[Clinic]:
    """Clinics that are open to patients."""
    return list(Clinic.objects.filter(is_active=True).order_by(*alphabetical("name", "id")))


def currency() -> str:
    return organisation().currency
