"""Booking together at the desk, once however often the button is pressed, and what was booked."""

import datetime as dt
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final
from uuid import UUID, uuid4

from django.db.models import Sum

from tenants.audit.actions import Actor
from tenants.booking.actions.chains import Part, book_chain
from tenants.booking.actions.series import book_series
from tenants.booking.idempotency import run_once
from tenants.booking.models import Appointment, AppointmentSeries, AppointmentSource, AppointmentStatus
from tenants.booking.reservation_errors import SeriesNotFound
from tenants.patients.models import Patient

_KEY: Final = re.compile(r"^[0-9a-f]{32}$")
OPEN: Final = (AppointmentStatus.SCHEDULED, AppointmentStatus.CONFIRMED)


@dataclass(frozen=True, slots=True)
class Booker:
    """Who books for whom; `key` is that of the page, so that a second press does not book again."""

    user_id: int
    key: str
    patient: Patient
    language: str
    notes: str
    actor: Actor
    now: dt.datetime


@dataclass(frozen=True, slots=True)
class Together:
    """Visits that were booked together, in order, and those of them that are still to come."""

    series: AppointmentSeries
    visits: list[Appointment]
    coming: list[Appointment]


@dataclass(frozen=True, slots=True)
class Place:
    """The place of a visit among those that it was booked with."""

    public_id: UUID
    kind: str
    position: int
    total: int


def new_key() -> str:
    """Return a key for a page that books."""
    return uuid4().hex


def key_of(text: str) -> str:
    """Return the key that came back; a new one for anything else."""
    return text if _KEY.match(text) else new_key()


def book_repeated(
    booker: Booker, *, doctor_id: int, service_id: int, clinic_id: int, dates: Sequence[dt.datetime]
) -> UUID:
    """Book a series and return its id. Raises what `book_series` raises."""

    def work() -> list[Appointment]:
        return book_series(
            doctor_id=doctor_id,
            service_id=service_id,
            clinic_id=clinic_id,
            dates=dates,
            patient_id=booker.patient.pk,
            source=AppointmentSource.DESK,
            language=booker.language,
            notes=booker.notes,
            actor=booker.actor,
            now=booker.now,
            for_staff=True,
        )

    facts = [doctor_id, service_id, clinic_id, *sorted(at.isoformat() for at in dates)]
    return _once(booker, "series", facts, work)


def book_in_one_visit(booker: Booker, *, clinic_id: int, parts: Sequence[Part]) -> UUID:
    """Book several services in one visit and return the id of the whole. Raises what `book_chain` raises."""

    def work() -> list[Appointment]:
        return book_chain(
            parts=parts,
            clinic_id=clinic_id,
            patient_id=booker.patient.pk,
            source=AppointmentSource.DESK,
            language=booker.language,
            notes=booker.notes,
            actor=booker.actor,
            now=booker.now,
            for_staff=True,
        )

    facts = [clinic_id, *((each.doctor_id, each.service_id, each.starts_at.isoformat()) for each in parts)]
    return _once(booker, "chain", facts, work)


def together_of(public_id: UUID, *, now: dt.datetime) -> Together:
    """Return visits that were booked together. Two queries. Raises SeriesNotFound."""
    series = AppointmentSeries.objects.filter(public_id=public_id).first()
    if series is None:
        raise SeriesNotFound
    rows = series.appointments.select_related("patient", "doctor__user", "service", "clinic")
    visits = list(rows.order_by("position"))
    coming = [each for each in visits if each.status in OPEN and each.appointment_date > now]
    return Together(series, visits, coming)


def price_of(visits: Sequence[Appointment]) -> list[tuple[str, Any]]:
    """Return what visits cost together, cancelled ones left out, by currency. One query."""
    rows = Appointment.objects.filter(pk__in=[each.pk for each in visits])
    rows = rows.exclude(status=AppointmentStatus.CANCELLED)
    return list(rows.values_list("currency").annotate(total=Sum("price")).order_by("currency"))


def place_of_visit(visit: Appointment) -> Place | None:
    """Return a visit's place among those booked with it; None for one that was booked alone. Two queries."""
    if visit.series_id is None:
        return None
    series = AppointmentSeries.objects.get(appointments=visit.pk)
    return Place(series.public_id, series.kind, visit.position, series.appointments.count())


def _once(booker: Booker, kind: str, facts: list[Any], work: Callable[[], list[Appointment]]) -> UUID:
    """Carry out `work` unless the same page asked for the same before; another choice is another booking."""
    asked = json.dumps([booker.patient.pk, booker.notes, facts], default=str)
    fingerprint = sha256(asked.encode()).hexdigest()

    def answer() -> tuple[int, dict[str, Any]]:
        booked = work()
        series = AppointmentSeries.objects.get(appointments=booked[0].pk)
        return 201, {"series": str(series.public_id)}

    _status, body, _replayed = run_once(
        scope=f"desk:{kind}:{booker.user_id}",
        key=f"{booker.key}{fingerprint[:32]}",
        fingerprint=fingerprint,
        work=answer,
    )
    return UUID(body["series"])
