"""What the engine needs from the database, in as few queries as there are kinds of facts."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, TypeAlias

from django.db import connection

from tenants.booking.models import ClaimKind, Resource, ResourceKind
from tenants.booking.slots import Busy, BusyKind, BusyTimes, Rule

RulesByClinic: TypeAlias = dict[int, list[Rule]]
"""Clinic id -> the doctor's weekly hours there."""

# Written by hand: these run for every page of free times, and the ORM takes longer to build them than PostgreSQL
# takes to answer. The condition on claims is spelt like the exclusion constraint's, so that its index serves.
_HOURS = """
    SELECT doctor_id, clinic_id, day_of_week, start_time, end_time, valid_from, valid_until, every_weeks, anchor_date,
           CASE WHEN pattern = 'cycle' THEN cycle_days END, cycle_day
    FROM doctors_doctorschedule
    WHERE is_active AND state = 'published' AND doctor_id = ANY(%s)
"""
_BUSY = """
    SELECT r.doctor_id, lower(c.span), upper(c.span), c.kind
    FROM booking_resource r JOIN booking_claim c ON c.resource_id = r.id
    WHERE r.doctor_id = ANY(%s) AND c.active AND NOT c.overbook AND c.span && tstzrange(%s, %s, '[)')
      AND (c.expires_at IS NULL OR c.expires_at > statement_timestamp())
"""
_LOCKED_HOURS = """
    SELECT r.id, EXISTS (SELECT FROM patients_patient p WHERE p.id = %s),
           s.clinic_id, s.day_of_week, s.start_time, s.end_time, s.valid_from, s.valid_until, s.every_weeks,
           s.anchor_date, CASE WHEN s.pattern = 'cycle' THEN s.cycle_days END, s.cycle_day
    FROM booking_resource r
    LEFT JOIN doctors_doctorschedule s ON s.doctor_id = r.doctor_id AND s.is_active AND s.state = 'published'
    WHERE r.doctor_id = %s
    ORDER BY r.id
    FOR UPDATE OF r
"""
# The exclusion constraint's index knows no equality of bigint and integer, and a number of psycopg2 is an integer.
_BUSY_UNDER_LOCK = """
    SELECT c.id, lower(c.span), upper(c.span), c.kind, c.appointment_id,
           coalesce(c.expires_at <= statement_timestamp(), false) OR coalesce(c.hold_id = %s, false)
    FROM booking_claim c
    WHERE c.resource_id = %s::bigint AND c.active AND NOT c.overbook AND c.span && tstzrange(%s, %s, '[)')
"""


def hours_of(doctor_ids: Collection[int]) -> dict[int, RulesByClinic]:
    """Return the weekly hours in force by doctor and clinic. One query."""
    found: dict[int, RulesByClinic] = defaultdict(lambda: defaultdict(list))
    for doctor_id, clinic_id, *rule in _rows(_HOURS, [list(doctor_ids)]):
        found[doctor_id][clinic_id].append(Rule(*rule))
    return found


def busy_of(doctor_ids: Collection[int], *, since: dt.datetime, until: dt.datetime) -> dict[int, BusyTimes]:
    """Return what makes doctors busy within `[since, until)`: a value for every doctor. One query.

    Expired holds do not count, by the database's clock. Overbooked visits do not either: they were put on top of
    the others on purpose.
    """
    items: dict[int, list[Busy]] = {doctor_id: [] for doctor_id in doctor_ids}
    for doctor_id, starts_at, ends_at, kind in _rows(_BUSY, [list(doctor_ids), since, until]):
        items[doctor_id].append(Busy(starts_at, ends_at, _busy_kind(kind)))
    return {doctor_id: BusyTimes(busy) for doctor_id, busy in items.items()}


@dataclass(frozen=True, slots=True)
class LockedDoctor:
    """A doctor's resource, locked, with the weekly hours in force by clinic."""

    resource_id: int
    hours: RulesByClinic
    patient_exists: bool


def lock_doctor(doctor_id: int, *, patient_id: int | None) -> LockedDoctor:
    """Lock the doctor's resource row; read hours and whether the patient exists in the same statement.

    A doctor whose resource row is missing (rows imported past the signals) gets one. Must be in a transaction;
    claims have to be read after this, in a statement of their own.
    """
    rows = _rows(_LOCKED_HOURS, [patient_id, doctor_id])
    if not rows:
        ensure_doctor_resource(doctor_id)
        rows = _rows(_LOCKED_HOURS, [patient_id, doctor_id])
    hours: RulesByClinic = defaultdict(list)
    for _resource_id, _patient_exists, clinic_id, *rule in rows:
        if clinic_id is not None:
            hours[clinic_id].append(Rule(*rule))
    return LockedDoctor(resource_id=rows[0][0], hours=hours, patient_exists=rows[0][1])


def busy_under_lock(
    resource_id: int,
    *,
    since: dt.datetime,
    until: dt.datetime,
    but_appointment: int | None,
    but_hold: int | None = None,
) -> tuple[BusyTimes, list[int]]:
    """Return what is busy within `[since, until)` and the ids of holds' claims there that end now. One query.

    These are the expired ones and those of `but_hold`. `but_appointment` leaves one appointment's own claim out:
    it is about to be moved.
    """
    items: list[Busy] = []
    ended_holds: list[int] = []
    for claim_id, starts_at, ends_at, kind, appointment_id, has_ended in _rows(
        _BUSY_UNDER_LOCK, [but_hold, resource_id, since, until]
    ):
        if has_ended:
            ended_holds.append(claim_id)
        elif but_appointment is None or appointment_id != but_appointment:
            items.append(Busy(starts_at, ends_at, _busy_kind(kind)))
    return BusyTimes(items), ended_holds


def ensure_doctor_resource(doctor_id: int) -> None:
    """Give a doctor the resource row that bookings lock, unless it is there."""
    Resource.objects.bulk_create(
        [Resource(kind=ResourceKind.DOCTOR, doctor_id=doctor_id)], ignore_conflicts=True
    )


def lock_resources(resource_ids: Collection[int]) -> list[int]:
    """Lock resource rows in the order of their ids, which rules out deadlocks, and return the ids found."""
    rows = Resource.objects.filter(pk__in=resource_ids).order_by("pk").select_for_update()
    return list(rows.values_list("pk", flat=True))


def _busy_kind(kind: str) -> BusyKind:
    return BusyKind.BLOCKED if kind == ClaimKind.BLOCK.value else BusyKind.TAKEN


def _rows(query: str, params: list[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, params)
        return list(cursor.fetchall())
