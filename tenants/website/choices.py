"""What an address of the booking chooses: doctor, service, clinic and the offer that joins them."""

import datetime as dt
from dataclasses import dataclass

from django.http import QueryDict

from tenants.booking.errors import ServiceNotOffered
from tenants.booking.selectors import first_free_by_doctor
from tenants.clinics.models import Clinic
from tenants.cms.cards import clinics_of
from tenants.doctors.models import Doctor
from tenants.services.models import Service
from tenants.services.offers import Offer, offers_for
from tenants.website.catalogue import ClinicNotFound, ServiceNotFound, doctor_by_slug, service_by_slug
from tenants.website.instants import read_day, read_instant, read_month
from tenants.website.picker import Wish


@dataclass(frozen=True, slots=True)
class Choice:
    """One bookable combination, and the clinics in which this doctor gives this service."""

    doctor: Doctor
    service: Service
    clinic: Clinic
    offer: Offer
    clinics: tuple[Clinic, ...]

    @property
    def query(self) -> dict[str, str]:
        return {"doctor": self.doctor.slug, "service": self.service.slug, "clinic": self.clinic.slug}


def read_wish(query: QueryDict) -> Wish:
    """Read day, month and times of the picker. Raises BadAddress."""
    day, since, at, why, month = (query.get(name, "") for name in ("day", "from", "at", "why", "month"))
    return Wish(
        day=read_day(day) if day else None,
        since=read_day(since) if since else None,
        at=read_instant(at) if at else None,
        why=read_instant(why) if why else None,
        month=read_month(month) if month else None,
    )


def read_choice(query: QueryDict, *, now: dt.datetime) -> Choice:
    """Read doctor, service and (optional) clinic. Raises NotFound for unknown ones, ServiceNotOffered."""
    doctor = doctor_by_slug(query.get("doctor", ""))
    service = service_by_slug(query.get("service", ""))
    return choose(doctor=doctor, service=service, clinic_slug=query.get("clinic", ""), now=now)


def choose(*, doctor: Doctor, service: Service, clinic_slug: str, now: dt.datetime) -> Choice:
    """Return the choice; without a clinic the one where the doctor is free first, else the doctor's main one."""
    offers = {offer.clinic_id: offer for offer in offers_for(service_id=service.pk, doctor_ids=[doctor.pk])}
    clinics = tuple(clinic for clinic in clinics_of(doctor) if clinic.pk in offers)
    if not clinics:
        raise ServiceNotOffered
    clinic: Clinic | None = None
    if clinic_slug:
        clinic = next((clinic for clinic in clinics if clinic.slug == clinic_slug), None)
        if clinic is None:
            if not any(known.slug == clinic_slug for known in clinics_of(doctor)):
                raise ClinicNotFound
            raise ServiceNotOffered
    elif len(clinics) > 1:
        free = first_free_by_doctor(doctor_ids=[doctor.pk], service_id=service.pk, now=now).get(doctor.pk)
        clinic = next((clinic for clinic in clinics if free and clinic.pk == free.clinic_id), None)
    clinic = clinic or clinics[0]
    return Choice(doctor=doctor, service=service, clinic=clinic, offer=offers[clinic.pk], clinics=clinics)


def pick_service(offered: list[Service], slug: str) -> Service:
    """Return the service of this address among those offered, the first without one. Raises ServiceNotFound."""
    if not slug:
        return offered[0]
    found = next((service for service in offered if service.slug == slug), None)
    if found is None:
        raise ServiceNotFound
    return found
