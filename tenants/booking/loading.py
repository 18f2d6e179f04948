"""What the engine needs from the database, in as few queries as there are kinds of facts."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

from django.db import connection
from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce, Now
from psycopg2.extras import DateTimeTZRange

from tenants.booking.models import Claim, ClaimKind, Resource, ResourceKind
from tenants.booking.slots import Busy, BusyKind, BusyTimes, Rule
from tenants.doctors.models import DoctorSchedule

RulesByClinic: TypeAlias = dict[int, list[Rule]]
"""Clinic id -> the doctor's weekly hours there."""

_LOCKED_HOURS = """
    SELECT r.id, EXISTS (SELECT FROM patients_patient p WHERE p.id = %s),
           s.clinic_id, s.day_of_week, s.start_time, s.end_time, s.valid_from, s.valid_until
    FROM booking_resource r
    LEFT JOIN doctors_doctorschedule s ON s.doctor_id = r.doctor_id AND s.is_active
    WHERE r.doctor_id = %s
    ORDER BY r.id
    FOR UPDATE OF r
"""


def hours_of(doctor_ids: Collection[int]) -> dict[int, RulesByClinic]:
    """Return the weekly hours in force by doctor and clinic. One query."""
    found: dict[int, RulesByClinic] = defaultdict(lambda: defaultdict(list))
    rows = DoctorSchedule.objects.filter(doctor_id__in=doctor_ids, is_active=True).order_by()
    for doctor_id, clinic_id, weekday, start, end, valid_from, valid_until in rows.values_list(
        "doctor_id", "clinic_id", "day_of_week", "start_time", "end_time", "valid_from", "valid_until"
    ):
        found[doctor_id][clinic_id].append(Rule(weekday, start, end, valid_from, valid_until))
    return found


def busy_of(doctor_ids: Collection[int], *, since: dt.datetime, until: dt.datetime) -> dict[int, BusyTimes]:
    """Return what makes doctors busy within `[since, until)`: a value for every doctor. One query.

    Expired holds do not count, by the database's clock. Overbooked visits do not either: they were put on top of
    the others on purpose. Reads the index of the exclusion constraint.
    """
    claims = _active_claims(since, until).filter(
        Q(expires_at__isnull=True) | Q(expires_at__gt=Now()), resource__doctor_id__in=doctor_ids
    )
    items: dict[int, list[Busy]] = {doctor_id: [] for doctor_id in doctor_ids}
    for doctor_id, span, kind in claims.values_list("resource__doctor_id", "span", "kind"):
        items[doctor_id].append(_busy(span, kind))
    return {doctor_id: BusyTimes(busy) for doctor_id, busy in items.items()}


@dataclass(frozen=True, slots=True)
class LockedDoctor:
    """A doctor's resource, locked, with the weekly hours in force by clinic."""

    resource_id: int
    hours: RulesByClinic
    patient_exists: bool


def lock_doctor(doctor_id: int, *, patient_id: int) -> LockedDoctor:
    """Lock the doctor's resource row; read hours and whether the patient exists in the same statement.

    A doctor whose resource row is missing (rows imported past the signals) gets one. Must be in a transaction;
    claims have to be read after this, in a statement of their own.
    """
    rows = _locked_hours(doctor_id, patient_id)
    if not rows:
        ensure_doctor_resource(doctor_id)
        rows = _locked_hours(doctor_id, patient_id)
    hours: RulesByClinic = defaultdict(list)
    for _resource_id, _patient_exists, clinic_id, *rule in rows:
        if clinic_id is not None:
            hours[clinic_id].append(Rule(*rule))
    return LockedDoctor(resource_id=rows[0][0], hours=hours, patient_exists=rows[0][1])


def busy_under_lock(
    resource_id: int, *, since: dt.datetime, until: dt.datetime, but_appointment: int | None
) -> tuple[BusyTimes, list[int]]:
    """Return what is busy within `[since, until)` and the ids of holds there that have expired. One query.

    `but_appointment` leaves one appointment's own claim out: it is about to be moved.
    """
    claims = _active_claims(since, until).filter(resource_id=resource_id)
    items: list[Busy] = []
    expired_holds: list[int] = []
    for claim_id, span, kind, appointment_id, has_expired in claims.annotate(
        has_expired=Coalesce(Q(expires_at__lte=Now()), False)
    ).values_list("pk", "span", "kind", "appointment_id", "has_expired"):
        if has_expired:
            expired_holds.append(claim_id)
        elif but_appointment is None or appointment_id != but_appointment:
            items.append(_busy(span, kind))
    return BusyTimes(items), expired_holds


def ensure_doctor_resource(doctor_id: int) -> None:
    """Give a doctor the resource row that bookings lock, unless it is there."""
    Resource.objects.bulk_create(
        [Resource(kind=ResourceKind.DOCTOR, doctor_id=doctor_id)], ignore_conflicts=True
    )


def lock_resources(resource_ids: Collection[int]) -> list[int]:
    """Lock resource rows in the order of their ids, which rules out deadlocks, and return the ids found."""
    rows = Resource.objects.filter(pk__in=resource_ids).order_by("pk").select_for_update()
    return list(rows.values_list("pk", flat=True))


def _active_claims(since: dt.datetime, until: dt.datetime) -> QuerySet[Claim]:
    # Spelt like the constraint's condition, so that its index serves.
    return Claim.objects.filter(
        active=True, overbook=False, span__overlap=DateTimeTZRange(since, until)
    ).order_by()


def _busy(span: DateTimeTZRange, kind: str) -> Busy:
    # The constraint booking_claim_half_open keeps both bounds finite.
    return Busy(
        cast("dt.datetime", span.lower),
        cast("dt.datetime", span.upper),
        BusyKind.BLOCKED if kind == ClaimKind.BLOCK else BusyKind.TAKEN,
    )


def _locked_hours(doctor_id: int, patient_id: int) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(_LOCKED_HOURS, [patient_id, doctor_id])
        return list(cursor.fetchall())
