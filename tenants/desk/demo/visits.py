"""Weeks of visits of a demo network: the last two, with their outcome, and the next two, filling up.

Rows are written in bulk, appointment and claim together, so the exclusion constraint judges every one of them.
What is there already stays: the weeks ahead are topped up every time.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Final
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from psycopg2.extras import DateTimeTZRange

from tenants.booking.models import (
    Appointment,
    AppointmentEvent,
    AppointmentSource,
    AppointmentStatus,
    Claim,
    ClaimKind,
    PaymentMethod,
    PaymentStatus,
    Resource,
)
from tenants.booking.policy import current_policy
from tenants.booking.windows.store import windows_of
from tenants.clinics.selectors import organisation
from tenants.desk.demo.rooms import Rooms, RoomSpan
from tenants.desk.demo.shapes import DemoNetwork
from tenants.doctors.models import Doctor
from tenants.patients.models import Patient
from tenants.services.models import Service
from tenants.services.offers import Offer, offers_for

WEEKS_BACK: Final = 2
WEEKS_AHEAD: Final = 2
_TRIES: Final = 8
_GROWN_UP_DAYS: Final = 18 * 365 + 5
_STEP: Final = dt.timedelta(minutes=5)
_SOURCES: Final = (
    AppointmentSource.SITE,
    AppointmentSource.SITE,
    AppointmentSource.SITE,
    AppointmentSource.DESK,
)
_CLOSED_EVENT: Final = {
    AppointmentStatus.COMPLETED: "completed",
    AppointmentStatus.NO_SHOW: "no_show",
    AppointmentStatus.CANCELLED: "cancelled",
}


@dataclass(frozen=True, slots=True)
class _Stretch:
    """A piece of a doctor's hours on one day, as instants."""

    doctor_id: int
    clinic_id: int
    starts_at: dt.datetime
    ends_at: dt.datetime


@dataclass(frozen=True, slots=True)
class _Busy:
    starts_at: dt.datetime
    ends_at: dt.datetime
    is_block: bool

    def meets(self, starts_at: dt.datetime, ends_at: dt.datetime) -> bool:
        return self.starts_at < ends_at and starts_at < self.ends_at


class _Visitors:
    """Who comes for what: children for the services of children, grown-ups for the others."""

    def __init__(self, demo: DemoNetwork, *, today: dt.date) -> None:
        for_children = [line.name for line in demo.services if line.category == "children"]
        self._for_children = set(Service.objects.filter(name__in=for_children).values_list("pk", flat=True))
        people = list(Patient.objects.filter(user__isnull=True, birth_date__isnull=False).order_by("pk"))
        grown_up_since = today - dt.timedelta(days=_GROWN_UP_DAYS)
        self._children = [
            person for person in people if person.birth_date and person.birth_date > grown_up_since
        ]
        self._adults = [
            person for person in people if person.birth_date and person.birth_date <= grown_up_since
        ]
        taken = Appointment.objects.values_list("patient_id", "appointment_date__date")
        self._taken: set[tuple[int, dt.date]] = set(taken)

    def choose(self, service_id: int, at: dt.datetime, rng: Random) -> Patient | None:
        """Return somebody who has no other visit that day (UTC), None when a few tries found nobody."""
        people = self._children if service_id in self._for_children else self._adults
        for person in rng.sample(people, min(len(people), _TRIES)):
            if (person.pk, at.date()) not in self._taken:
                self._taken.add((person.pk, at.date()))
                return person
        return None


@transaction.atomic
def write_visits(demo: DemoNetwork, *, rng: Random, now: dt.datetime) -> int:
    """Close what has passed and book the empty days from two weeks ago to two weeks ahead; return how many."""
    _close_passed(rng=rng, now=now)
    first = now - dt.timedelta(weeks=WEEKS_BACK)
    last = now + dt.timedelta(weeks=WEEKS_AHEAD)
    # A day more on both sides: the first and last local days are taken whole.
    busy = _busy_times(first - dt.timedelta(days=1), last + dt.timedelta(days=1))
    offers = _offers_by_place()
    weights = {line.name: line.weight for line in demo.services}
    by_service = _weights_by_service(weights)
    visitors = _Visitors(demo, today=now.date())
    booked: list[Appointment] = []
    for stretch in _stretches(first, last):
        there = [
            claim for claim in busy[stretch.doctor_id] if claim.meets(stretch.starts_at, stretch.ends_at)
        ]
        if any(not claim.is_block for claim in there):
            continue
        choice = offers.get((stretch.doctor_id, stretch.clinic_id))
        if choice:
            booked += _fill(stretch, there, choice, by_service, visitors, rng=rng, now=now)
    rooms = Rooms.read(first - dt.timedelta(days=1), last + dt.timedelta(days=1))
    placed = [(visit, spans) for visit in booked if (spans := rooms.take(visit)) is not None]
    _write(placed)
    return len(placed)


def write_blocks(demo: DemoNetwork, doctors: dict[str, Doctor], *, now: dt.datetime) -> None:
    """Take the described pieces out of the doctors' hours."""
    for block in demo.blocks:
        doctor = doctors[block.doctor]
        clinic = doctor.clinic
        if clinic is None:
            continue
        day = now.astimezone(clinic.zone).date() + dt.timedelta(days=block.day)
        start = dt.datetime.combine(day, dt.time.fromisoformat(block.start), tzinfo=clinic.zone)
        end = dt.datetime.combine(day, dt.time.fromisoformat(block.end), tzinfo=clinic.zone)
        Claim.objects.create(
            resource=doctor.resource,
            clinic=clinic,
            kind=ClaimKind.BLOCK,
            span=DateTimeTZRange(start.astimezone(dt.UTC), end.astimezone(dt.UTC)),
            reason=block.reason,
        )


def _stretches(first: dt.datetime, last: dt.datetime) -> Iterator[_Stretch]:
    doctors = dict(Resource.objects.filter(doctor__is_active=True).values_list("pk", "doctor_id"))
    windows = windows_of(list(doctors), first=first.date(), last=last.date() + dt.timedelta(days=1))
    for resource_id, found in sorted(windows.items()):
        doctor_id = doctors[resource_id]
        if doctor_id is None:
            continue
        for window in found:
            yield _Stretch(doctor_id, window.clinic_id, window.starts_at, window.ends_at)


def _fill(
    stretch: _Stretch,
    blocks: list[_Busy],
    offers: list[Offer],
    weights: dict[int, int],
    visitors: _Visitors,
    *,
    rng: Random,
    now: dt.datetime,
) -> Iterator[Appointment]:
    """Walk through the stretch: a visit, or a gap, or a visit that was cancelled and left a gap."""
    at = stretch.starts_at
    while True:
        offer = rng.choices(offers, weights=[weights[row.service_id] for row in offers])[0]
        ends_at = at + dt.timedelta(minutes=offer.duration_minutes)
        if ends_at > stretch.ends_at:
            return
        block = next((claim for claim in blocks if claim.meets(at, ends_at)), None)
        if block is not None:
            at = block.ends_at
            continue
        if rng.random() >= _demand(at, offer.time_zone, now):
            at += dt.timedelta(minutes=max(offer.duration_minutes, 20))
            continue
        patient = visitors.choose(offer.service_id, at, rng)
        if patient is None:
            at = ends_at
            continue
        visit = _visit(offer, at, ends_at, patient, rng=rng, now=now)
        yield visit
        at = ends_at if visit.status != AppointmentStatus.CANCELLED else at + _STEP * rng.choice((0, 4))


def _demand(at: dt.datetime, zone: str, now: dt.datetime) -> float:
    """How likely a time is taken: people book close days first, like mornings and after work, and Mondays."""
    local = at.astimezone(ZoneInfo(zone))
    days = (at - now).total_seconds() / 86400
    base = 0.82 if days <= 0 else max(0.78 - 0.055 * days, 0.12)
    hour = {
        8: 1.05,
        9: 1.1,
        10: 1.15,
        11: 1.1,
        12: 0.95,
        13: 0.8,
        14: 0.85,
        15: 0.9,
        17: 1.1,
        18: 1.15,
        19: 1.1,
    }
    weekday = (1.1, 1.05, 1.0, 1.0, 0.92, 1.05, 0.8)
    return min(base * hour.get(local.hour, 1.0) * weekday[local.weekday()], 0.97)


def _visit(
    offer: Offer, at: dt.datetime, ends_at: dt.datetime, patient: Patient, *, rng: Random, now: dt.datetime
) -> Appointment:
    status = _outcome(rng) if ends_at <= now else _expectation(rng)
    paid = status == AppointmentStatus.COMPLETED
    return Appointment(
        patient=patient,
        doctor_id=offer.doctor_id,
        service_id=offer.service_id,
        clinic_id=offer.clinic_id,
        appointment_date=at,
        ends_at=ends_at,
        time_zone=offer.time_zone,
        local_start=at.astimezone(ZoneInfo(offer.time_zone)).strftime("%Y-%m-%dT%H:%M"),
        status=status,
        payment_status=PaymentStatus.PAID if paid else PaymentStatus.PENDING,
        price=offer.price,
        currency=offer.currency,
        policy=current_policy().snapshot(),
        source=rng.choice(_SOURCES),
        language=organisation().language,
        checked_in_at=at - dt.timedelta(minutes=rng.randrange(12)) if paid else None,
        in_room_at=at if paid else None,
        finished_at=ends_at if paid else None,
        paid_at=ends_at if paid else None,
        payment_method=rng.choice(PaymentMethod.values) if paid else "",
        version=1 if status == AppointmentStatus.SCHEDULED else 2,
    )


def _outcome(rng: Random) -> AppointmentStatus:
    return rng.choices(
        (AppointmentStatus.COMPLETED, AppointmentStatus.NO_SHOW, AppointmentStatus.CANCELLED),
        weights=(86, 5, 9),
    )[0]


def _expectation(rng: Random) -> AppointmentStatus:
    return rng.choices(
        (AppointmentStatus.SCHEDULED, AppointmentStatus.CONFIRMED, AppointmentStatus.CANCELLED),
        weights=(60, 33, 7),
    )[0]


def _write(placed: list[tuple[Appointment, list[RoomSpan]]]) -> None:
    booked = [visit for visit, _spans in placed]
    Appointment.objects.bulk_create(booked, batch_size=1000)
    resources = dict(Resource.objects.filter(doctor__isnull=False).values_list("doctor_id", "pk"))
    Claim.objects.bulk_create(
        [
            Claim(
                resource_id=span.resource_id,
                span=DateTimeTZRange(span.starts_at, span.ends_at),
                kind=ClaimKind.BOOKING,
                appointment=visit,
                clinic_id=visit.clinic_id,
                active=visit.status not in {AppointmentStatus.CANCELLED, AppointmentStatus.NO_SHOW},
            )
            for visit, rooms in placed
            for span in (
                RoomSpan(resources[visit.doctor_id], visit.appointment_date, visit.ends_at),
                *rooms,
            )
        ],
        batch_size=1000,
    )
    events = []
    for visit in booked:
        events.append(_event(visit, "booked", "", AppointmentStatus.SCHEDULED))
        if visit.status != AppointmentStatus.SCHEDULED:
            kind = _CLOSED_EVENT.get(AppointmentStatus(visit.status), "confirmed")
            events.append(_event(visit, kind, AppointmentStatus.SCHEDULED, visit.status))
    AppointmentEvent.objects.bulk_create(events, batch_size=1000)
    _spread_booking_times(booked)


def _event(visit: Appointment, kind: str, before: str, after: str) -> AppointmentEvent:
    return AppointmentEvent(
        appointment=visit,
        kind=kind,
        from_status=before,
        to_status=after,
        actor_kind="system",
        data={"version": 1},
    )


def _spread_booking_times(booked: list[Appointment]) -> None:
    """`created_at` is set by the model to now; people book days ahead."""
    if not booked:
        return
    ids = [visit.pk for visit in booked]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE booking_appointment
            SET created_at = LEAST(appointment_date - (2 + id %% 190) * interval '1 hour',
                                   now() - (id %% 47) * interval '1 hour')
            WHERE id = ANY(%s)
            """,
            [ids],
        )
        cursor.execute(
            """
            UPDATE booking_appointmentevent e
            SET at = CASE
                WHEN e.kind = 'booked' THEN a.created_at
                WHEN e.kind IN ('completed', 'no_show') THEN a.ends_at + interval '3 minutes'
                ELSE LEAST(a.created_at + interval '1 day', now()) END
            FROM booking_appointment a
            WHERE a.id = e.appointment_id AND a.id = ANY(%s)
            """,
            [ids],
        )


def _close_passed(*, rng: Random, now: dt.datetime) -> None:
    """Give visits that were ahead at the last run their outcome."""
    opened = (AppointmentStatus.SCHEDULED, AppointmentStatus.CONFIRMED)
    passed = list(Appointment.objects.filter(status__in=opened, ends_at__lte=now))
    events = []
    for visit in passed:
        before = visit.status
        missed = rng.random() < 0.06  # noqa: PLR2004 - about one in sixteen does not come
        visit.status = AppointmentStatus.NO_SHOW if missed else AppointmentStatus.COMPLETED
        visit.payment_status = PaymentStatus.PENDING if missed else PaymentStatus.PAID
        visit.version += 1
        events.append(_event(visit, _CLOSED_EVENT[AppointmentStatus(visit.status)], before, visit.status))
    Appointment.objects.bulk_update(passed, ["status", "payment_status", "version"], batch_size=500)
    AppointmentEvent.objects.bulk_create(events)
    missed_ids = [visit.pk for visit in passed if visit.status == AppointmentStatus.NO_SHOW]
    Claim.objects.filter(appointment_id__in=missed_ids).update(active=False)


def _busy_times(first: dt.datetime, last: dt.datetime) -> dict[int, list[_Busy]]:
    found: dict[int, list[_Busy]] = defaultdict(list)
    claims = Claim.objects.filter(span__overlap=DateTimeTZRange(first, last), resource__doctor__isnull=False)
    for doctor_id, span, kind in claims.values_list("resource__doctor_id", "span", "kind"):
        if span.lower is not None and span.upper is not None:  # a constraint says so; the type does not
            found[doctor_id].append(_Busy(span.lower, span.upper, is_block=kind == ClaimKind.BLOCK))
    return found


def _offers_by_place() -> dict[tuple[int, int], list[Offer]]:
    found: dict[tuple[int, int], list[Offer]] = defaultdict(list)
    for offer in offers_for():
        found[offer.doctor_id, offer.clinic_id].append(offer)
    return found


def _weights_by_service(weights: dict[str, int]) -> dict[int, int]:
    return {pk: weights.get(name, 1) for pk, name in Service.objects.values_list("pk", "name")}
