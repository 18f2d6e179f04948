"""Rows as JSON-ready dicts. Plain dicts, because DRF's serializers halve the speed of a list.

The shapes are described to the schema by the serializers of the same names in `tenants.api.serializers`;
a test holds both equal.
"""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from saas.networks.context import current_network
from saas.networks.hosts import network_url
from tenants.booking.models import Appointment, GroupSession, Hold, WaitlistEntry
from tenants.booking.offer_cache import Names
from tenants.booking.selectors import Slot
from tenants.clinics.models import Clinic
from tenants.clinics.selectors import organisation
from tenants.doctors.models import Doctor, Specialization
from tenants.patients.models import Patient
from tenants.reviews.models import Review
from tenants.services.models import Service, ServiceCategory


def clinics(rows: list[Clinic]) -> list[dict[str, Any]]:
    return [
        {
            "id": row.pk,
            "slug": row.slug,
            "name": row.name,
            "city": row.city,
            "address": row.address,
            "phone": row.phone,
            "email": row.email,
            "time_zone": row.time_zone,
            "working_hours": row.working_hours,
            "coordinates": row.coordinates,
            "directions": row.directions,
            "photo": _picture(row.photo_url),
        }
        for row in rows
    ]


def doctors(rows: list[Doctor]) -> list[dict[str, Any]]:
    currency = organisation().currency if rows else ""
    return [
        {
            "id": row.pk,
            "slug": row.slug,
            "last_name": row.user.last_name,
            "first_name": row.user.first_name,
            "middle_name": row.user.middle_name,
            "specializations": [
                {
                    "id": link.specialization_id,
                    "slug": link.specialization.slug,
                    "name": link.specialization.name,
                }
                for link in row.specialization_links.all()
            ],
            "clinics": [link.clinic_id for link in row.clinic_links.all()],
            "services": [service.pk for service in row.services.all()],
            "photo": _picture(row.photo_url),
            "bio": row.bio,
            "experience_years": row.experience_years,
            "education": row.education,
            "certificates": row.certificates,
            "languages": row.languages,
            "consultation_price": str(row.consultation_price),
            "currency": currency,
            "rating": str(row.rating),
            "reviews_count": row.reviews_count,
        }
        for row in rows
    ]


def services(rows: list[Service]) -> list[dict[str, Any]]:
    currency = organisation().currency if rows else ""
    return [
        {
            "id": row.pk,
            "slug": row.slug,
            "name": row.name,
            "description": row.description,
            "price": str(row.price),
            "currency": currency,
            "duration_minutes": row.duration_minutes,
            "category": {"id": row.category_id, "slug": row.category.slug, "name": row.category.name},
            "doctors": [doctor.pk for doctor in row.doctors.all()],
            "clinics": [clinic.pk for clinic in row.clinics.all()],
            "preparation_instructions": row.preparation_instructions,
        }
        for row in rows
    ]


def specializations(rows: list[Specialization]) -> list[dict[str, Any]]:
    return [
        {
            "id": row.pk,
            "slug": row.slug,
            "name": row.name,
            "doctor_title": row.doctor_title,
            "description": row.description,
            "icon": row.icon,
        }
        for row in rows
    ]


def categories(rows: list[ServiceCategory]) -> list[dict[str, Any]]:
    return [
        {"id": row.pk, "slug": row.slug, "name": row.name, "parent": row.parent_id, "order": row.order}
        for row in rows
    ]


def slots(found: list[Slot]) -> list[dict[str, Any]]:
    """Free times with the offset of the clinic's zone at that instant."""
    zones = {name: ZoneInfo(name) for name in {slot.time_zone for slot in found}}
    return [
        {
            "starts_at": slot.starts_at.astimezone(zones[slot.time_zone]).isoformat(),
            "ends_at": slot.ends_at.astimezone(zones[slot.time_zone]).isoformat(),
            "time_zone": slot.time_zone,
            "price": str(slot.price),
            "currency": slot.currency,
            "doctor": slot.doctor_id,
            "clinic": slot.clinic_id,
            "service": slot.service_id,
        }
        for slot in found
    ]


def appointment(
    row: Appointment, *, with_patient: bool, manage_url: str | None = None, names: Names | None = None
) -> dict[str, Any]:
    """One appointment. Without `with_patient` it names nobody; `manage_url` is for the one who just booked.

    `names` spares the look-up of doctor, service and clinic where they are at hand.
    """
    zone = ZoneInfo(row.time_zone)
    if names is None:
        doctor, service, clinic = str(row.doctor), row.service.name, row.clinic.name
    else:
        doctor, service, clinic = names.doctor, names.service, names.clinics[row.clinic_id]
    shown: dict[str, Any] = {
        "id": str(row.public_id),
        "status": row.status,
        "awaiting_approval": row.awaiting_approval,
        "payment_status": row.payment_status,
        "starts_at": row.appointment_date.astimezone(zone).isoformat(),
        "ends_at": row.ends_at.astimezone(zone).isoformat(),
        "time_zone": row.time_zone,
        "doctor": {"id": row.doctor_id, "name": doctor},
        "service": {"id": row.service_id, "name": service},
        "clinic": {"id": row.clinic_id, "name": clinic},
        "price": str(row.price),
        "currency": row.currency,
        "notes": row.notes,
        "version": row.version,
        "created_at": _instant(row.created_at),
        "patient": _patient(row.patient) if with_patient else None,
        "manage_url": manage_url,
    }
    return shown


def hold(row: Hold) -> dict[str, Any]:
    return {
        "id": str(row.public_id),
        "doctor": row.doctor_id,
        "service": row.service_id,
        "clinic": row.clinic_id,
        "starts_at": row.starts_at.isoformat(),
        "ends_at": row.ends_at.isoformat(),
        "expires_at": _instant(row.expires_at),
        "extended": row.extended,
    }


def group_session(row: GroupSession) -> dict[str, Any]:
    return {
        "id": str(row.public_id),
        "doctor": {"id": row.doctor_id, "name": str(row.doctor)},
        "service": {"id": row.service_id, "name": row.service.name},
        "clinic": {"id": row.clinic_id, "name": row.clinic.name},
        "starts_at": row.starts_at.isoformat(),
        "ends_at": row.ends_at.isoformat(),
        "capacity": row.capacity,
        "free": row.capacity - row.taken,
    }


def waitlist_entry(row: WaitlistEntry, *, manage_url: str) -> dict[str, Any]:
    return {
        "id": str(row.public_id),
        "state": row.state,
        "service": row.service_id,
        "doctor": row.doctor_id,
        "clinic": row.clinic_id,
        "earliest": row.earliest.isoformat(),
        "latest": row.latest.isoformat(),
        "manage_url": manage_url,
    }


def reviews(rows: list[Review]) -> list[dict[str, Any]]:
    """Published words only: who wrote them is nobody's business."""
    return [
        {
            "id": str(row.public_id),
            "doctor": row.doctor_id,
            "rating": row.rating,
            "comment": row.comment,
            "is_verified": row.is_verified,
            "created_at": _instant(row.created_at),
        }
        for row in rows
    ]


def _patient(row: Patient) -> dict[str, Any]:
    return {
        "id": str(row.public_id),
        "last_name": row.last_name,
        "first_name": row.first_name,
        "middle_name": row.middle_name,
        "phone": row.phone,
        "email": row.email,
        "birth_date": row.birth_date.isoformat() if row.birth_date else None,
    }


def _instant(value: datetime) -> str:
    return value.isoformat(timespec="seconds")


def _picture(url: str) -> str | None:
    """An absolute address; files kept outside have one already."""
    if not url or "://" in url:
        return url or None
    return network_url(current_network().primary_host, url)
