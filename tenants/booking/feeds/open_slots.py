"""Open times of a network as SMART Scheduling Links: what public slot finders read, in FHIR's words.

A clinic is a Location, a doctor's service in a clinic a Schedule, a free time a Slot with a link that books it. The
files hold what the site shows to everybody and nobody's data.
"""

import datetime as dt
import json
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlencode

from django.core.cache import cache
from django.db import connection

from saas.networks.context import current_network
from saas.networks.hosts import network_url
from tenants.booking.remembering import generation
from tenants.booking.selectors import Slot, free_slots_of_many
from tenants.clinics.models import Clinic
from tenants.doctors.models import Doctor
from tenants.services.models import Service
from tenants.services.offers import offers_for

DAYS: Final = 14
MOST_SLOTS: Final = 3000
"""The soonest of a clinic; readers come back within minutes."""
BASE: Final = "/api/v1/smart-scheduling-links/"
_CACHED_SECONDS: Final = 300
_DEEP_LINK: Final = "http://fhir-registry.smarthealthit.org/StructureDefinition/booking-deep-link"
_VERSION: Final = """
    SELECT coalesce(sum(r.version), 0) FROM booking_resource r
    LEFT JOIN doctors_doctorclinic l ON l.doctor_id = r.doctor_id
    WHERE l.clinic_id = %(clinic)s OR r.clinic_id = %(clinic)s
"""


def version_of_slots(clinic_id: int, *, now: dt.datetime) -> str:
    """Return a text that changes whenever the clinic's open times do, and with the minute. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_VERSION, {"clinic": clinic_id})
        [versions] = cursor.fetchone()
    return f"{clinic_id}.{versions}-{generation():.6f}-{int(now.timestamp()) // 60}"


def version_of_catalogue() -> str:
    """Return a text that changes with clinics, doctors and services."""
    return f"{generation():.6f}"


def manifest(*, now: dt.datetime) -> dict[str, Any]:
    """Return which files there are: one of clinics, one of schedules, one of slots for each clinic. One query."""
    clinics = Clinic.objects.filter(is_active=True).order_by("pk").values_list("pk", flat=True)
    return {
        "transactionTime": now.isoformat(timespec="seconds"),
        "request": _url(f"{BASE}$bulk-publish"),
        "output": [
            {"type": "Location", "url": _url(f"{BASE}locations.ndjson")},
            {"type": "Schedule", "url": _url(f"{BASE}schedules.ndjson")},
            *({"type": "Slot", "url": _url(f"{BASE}slots-{pk}.ndjson")} for pk in clinics),
        ],
    }


def locations() -> str:
    """Return the clinics, a line each. One query."""
    return _lines(
        {
            "resourceType": "Location",
            "id": str(clinic.pk),
            "name": clinic.name,
            "telecom": [
                {"system": system, "value": value}
                for system, value in (
                    ("phone", clinic.phone),
                    ("email", clinic.email),
                    ("url", _url(f"/clinics/{clinic.slug}/")),
                )
                if value
            ],
            "address": {"line": [clinic.address], "city": clinic.city},
        }
        for clinic in Clinic.objects.filter(is_active=True).order_by("pk")
    )


def schedules() -> str:
    """Return what every doctor gives in every clinic, a line each. Four queries."""
    offers = offers_for()
    doctors = Doctor.objects.select_related("user").in_bulk({offer.doctor_id for offer in offers})
    services = Service.objects.in_bulk({offer.service_id for offer in offers})
    return _lines(
        {
            "resourceType": "Schedule",
            "id": f"{offer.doctor_id}-{offer.clinic_id}-{offer.service_id}",
            "actor": [
                {"reference": f"Location/{offer.clinic_id}"},
                {"display": str(doctors[offer.doctor_id])},
            ],
            "serviceType": [{"text": services[offer.service_id].name}],
        }
        for offer in offers
        if offer.doctor_id in doctors and offer.service_id in services
    )


def slots(clinic_id: int, *, version: str, now: dt.datetime) -> str:
    """Return the soonest open times of a clinic, a line each; cached under their version."""
    key = f"smart-slots:{version}"
    text: str | None = cache.get(key)
    if text is None:
        text = _lines(_slot_rows(clinic_id, now))
        cache.set(key, text, _CACHED_SECONDS)
    return text


def _slot_rows(clinic_id: int, now: dt.datetime) -> Iterator[dict[str, Any]]:
    today = now.date()
    found = free_slots_of_many(
        clinic_id=clinic_id,
        start=today - dt.timedelta(days=1),
        end=today + dt.timedelta(days=DAYS),
        now=now,
        limit=MOST_SLOTS,
    )
    clinic = Clinic.objects.filter(pk=clinic_id).values_list("slug", flat=True).first() or ""
    doctors = _slugs(Doctor, {slot.doctor_id for slot in found})
    services = _slugs(Service, {slot.service_id for slot in found})
    for slot in found:
        if slot.doctor_id in doctors and slot.service_id in services:
            yield _slot_row(slot, clinic, doctors[slot.doctor_id], services[slot.service_id])


def _slot_row(slot: Slot, clinic: str, doctor: str, service: str) -> dict[str, Any]:
    begins = slot.starts_at.isoformat().replace("+00:00", "Z")
    query = urlencode({"doctor": doctor, "service": service, "clinic": clinic, "at": begins})
    schedule = f"{slot.doctor_id}-{slot.clinic_id}-{slot.service_id}"
    return {
        "resourceType": "Slot",
        "id": f"{schedule}-{int(slot.starts_at.timestamp())}",
        "schedule": {"reference": f"Schedule/{schedule}"},
        "status": "free",
        "start": begins,
        "end": slot.ends_at.isoformat().replace("+00:00", "Z"),
        "extension": [{"url": _DEEP_LINK, "valueUrl": _url(f"/book/contacts/?{query}")}],
    }


def _slugs(model: type[Doctor] | type[Service], ids: set[int]) -> dict[int, str]:
    return dict(model.objects.filter(pk__in=ids).values_list("pk", "slug"))


def _lines(rows: Iterator[dict[str, Any]]) -> str:
    return "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows)


def _url(path: str) -> str:
    return network_url(current_network().primary_host, path)
