"""A doctor's day: visits, free stretches and breaks in order, who comes next, what is blocked."""

import datetime as dt
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from tenants.booking.models import (
    Appointment,
    AppointmentStatus,
    CalendarFeed,
    Claim,
    ClaimKind,
    ExceptionKind,
    ExceptionScope,
    Resource,
    ScheduleException,
)
from tenants.booking.slots import day_start
from tenants.booking.windows.store import windows_of
from tenants.clinics.models import Clinic
from tenants.desk.calendar.sheet import State, span_of, state_of
from tenants.desk.office.day import Row, rows_of
from tenants.doctors.models import Doctor

_DAY: Final = dt.timedelta(days=1)
_LEAST: Final = dt.timedelta(minutes=5)
_OPEN: Final = (AppointmentStatus.SCHEDULED, AppointmentStatus.CONFIRMED)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of the timeline: a visit, or time that is free or blocked. Instants; `zone` is the clinic's."""

    kind: str
    starts_at: dt.datetime
    ends_at: dt.datetime
    zone: str
    row: Row | None = None
    reason: str = ""
    is_now: bool = False

    @property
    def minutes(self) -> int:
        return int((self.ends_at - self.starts_at).total_seconds()) // 60


@dataclass(frozen=True, slots=True)
class Day:
    """A doctor's day on the clock of the clinic they mainly work in."""

    date: dt.date
    zone: str
    stretches: list[Stretch]
    current: Row | None
    following: Row | None
    done: int
    total: int
    works: bool


def doctor_of(user_id: int) -> Doctor | None:
    """Return the doctor who this user is."""
    return (
        Doctor.objects.select_related("user")
        .prefetch_related("clinic_links__clinic")
        .filter(user=user_id)
        .first()
    )


def day_of(doctor: Doctor, *, date: dt.date | None, now: dt.datetime) -> Day:
    """Return a day of the doctor, by default today, on the main clinic's clock. The number of queries is constant."""
    clinic = doctor.clinic
    zone = clinic.time_zone if clinic is not None else "UTC"
    today = date or now.astimezone(clinic.zone if clinic is not None else dt.UTC).date()
    since, until = day_start(today, zone), day_start(today + _DAY, zone)
    visits = list(
        Appointment.objects.filter(doctor=doctor, appointment_date__gte=since, appointment_date__lt=until)
        .exclude(status=AppointmentStatus.CANCELLED)
        .select_related("patient", "doctor__user", "service", "clinic")
        .order_by("appointment_date", "pk")
    )
    rows = rows_of(visits, now=now, may_change=True)
    resource = Resource.objects.filter(doctor=doctor).first()
    windows, blocks = [], []
    if resource is not None:
        windows = windows_of([resource.pk], first=today, last=today + _DAY)[resource.pk]
        blocks = list(
            Claim.objects.filter(
                resource=resource, active=True, kind=ClaimKind.BLOCK, span__overlap=(since, until)
            )
        )
    stretches = [_visit_stretch(row, now) for row in rows]
    stretches += [_block_stretch(block, zone) for block in blocks]
    spans = [(max(each.starts_at, since), min(each.ends_at, until)) for each in windows]
    stretches += _free([span for span in spans if span[0] < span[1]], stretches, zone=zone, now=now)
    stretches.sort(key=lambda each: (each.starts_at, each.kind != "visit"))
    waiting = [row for row in rows if row.state == State.ARRIVED]
    to_come = [row for row in rows if not row.is_over and row.state not in {State.ARRIVED, State.IN_ROOM}]
    return Day(
        date=today,
        zone=zone,
        stretches=stretches,
        current=next((row for row in rows if row.state == State.IN_ROOM), None),
        following=next(iter([*waiting, *to_come]), None),
        done=sum(state_of(visit) == State.COMPLETED for visit in visits),
        total=len(visits),
        works=bool(spans),
    )


def leaves_of(doctor: Doctor, *, now: dt.datetime) -> list[ScheduleException]:
    """Return the blocks of the doctor's own time that are not over, the next first. One query."""
    rows = ScheduleException.objects.filter(
        scope=ExceptionScope.DOCTOR,
        kind=ExceptionKind.BLOCK,
        doctor=doctor,
        end_date__gte=now.date() - _DAY,
    )
    return list(rows.order_by("start_date", "pk")[:20])


def visit_of(doctor: Doctor, public_id: UUID) -> Appointment | None:
    """Return one of the doctor's own visits, with its names."""
    return (
        Appointment.objects.filter(doctor=doctor, public_id=public_id)
        .select_related("patient", "doctor__user", "service", "clinic")
        .first()
    )


def feeds_of(doctor: Doctor) -> list[CalendarFeed]:
    """Return the doctor's calendar links that work."""
    return list(CalendarFeed.objects.filter(doctor=doctor, revoked_at=None))


def clinics_for(doctor: Doctor) -> list[Clinic]:
    """Return where the doctor works, the main clinic first; uses the prefetched links."""
    return [link.clinic for link in doctor.clinic_links.all()]


def _visit_stretch(row: Row, now: dt.datetime) -> Stretch:
    visit = row.visit
    return Stretch(
        kind="visit",
        starts_at=visit.appointment_date,
        ends_at=visit.ends_at,
        zone=visit.time_zone,
        row=row,
        is_now=visit.appointment_date <= now < visit.ends_at,
    )


def _block_stretch(block: Claim, zone: str) -> Stretch:
    starts_at, ends_at = span_of(block)
    return Stretch(kind="block", starts_at=starts_at, ends_at=ends_at, zone=zone, reason=block.reason)


def _free(
    windows: list[tuple[dt.datetime, dt.datetime]], taken: list[Stretch], *, zone: str, now: dt.datetime
) -> list[Stretch]:
    """Return what is left of the working time, without scraps."""
    free: list[Stretch] = []
    busy = sorted((each.starts_at, each.ends_at) for each in taken)
    for begin, end in windows:
        at = begin
        for starts_at, ends_at in [*busy, (end, end)]:
            until = min(starts_at, end)
            if until - at >= _LEAST:
                free.append(
                    Stretch(kind="free", starts_at=at, ends_at=until, zone=zone, is_now=at <= now < until)
                )
            at = max(at, ends_at)
    return free
