"""Which visits a change of rules would break, before it is saved, with a new time for each."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from django.db.models import Q, QuerySet

from tenants.booking.loading import busy_of
from tenants.booking.models import Appointment, AppointmentStatus, Claim, ClaimKind, Resource
from tenants.booking.selectors.new_times import new_times
from tenants.booking.selectors.values import Slot
from tenants.booking.windows.drafts import Books, Draft, books_of
from tenants.booking.windows.expansion import DayWindow
from tenants.booking.windows.instants import ONE_DAY
from tenants.clinics.models import Clinic
from tenants.doctors.models import Doctor
from tenants.services.models import Service, ServiceOverride

MOST_PROPOSALS: Final = 60
"""For so many visits new times are looked up for the page; the others get theirs when they are proposed."""

_OPEN: Final = (AppointmentStatus.SCHEDULED, AppointmentStatus.CONFIRMED)
_LOOKED_AT: Final = 5000


@dataclass(frozen=True, slots=True)
class OrphanedVisit:
    """A visit that would lie outside of working time, or overlap; `proposed` is None when nothing is free."""

    appointment: Appointment
    proposed: Slot | None


@dataclass(frozen=True, slots=True)
class _Busy:
    """A visit's stretch of one resource; the visit itself on a doctor, the claim with its set-up in a room."""

    resource_id: int
    visit: Appointment
    starts_at: dt.datetime
    ends_at: dt.datetime


def visits_left_outside(*, draft: Draft, now: dt.datetime) -> list[OrphanedVisit]:
    """Return the open visits to come that lie in working time now and would not after the change, soonest first.

    Visits that staff put outside of working time before are not among them.
    """
    busy = _busy_stretches(draft, now)
    if not busy:
        return []
    first = min(each.starts_at for each in busy).date() - 2 * ONE_DAY
    last = max(each.ends_at for each in busy).date() + 2 * ONE_DAY
    books = books_of(draft, resource_ids={each.resource_id for each in busy}, first=first, last=last)
    before, after = _windows(books, first, last)
    lost: dict[int, Appointment] = {}
    for each in busy:
        place = (each.resource_id, each.visit.clinic_id)
        if _covers(before[place], each) and not _covers(after[place], each):
            lost[each.visit.pk] = each.visit
    by_doctor: dict[int, list[DayWindow]] = defaultdict(list)
    for resource in books.after.resources:
        if resource.doctor_id is not None:
            by_doctor[resource.doctor_id] += [
                window
                for (resource_id, _clinic_id), windows in after.items()
                if resource_id == resource.id
                for window in windows
            ]
    return _with_proposals(lost.values(), windows=by_doctor, now=now)


def visits_of_doctor(
    *, doctor: Doctor, now: dt.datetime, clinic_ids: Sequence[int] = ()
) -> list[OrphanedVisit]:
    """Return a doctor's open visits to come outside of these clinics: those that break when the doctor leaves."""
    visits = _open_visits(now).filter(doctor=doctor).exclude(clinic__in=clinic_ids)
    kept: dict[int, list[DayWindow]] = {} if clinic_ids else {doctor.pk: []}
    return _with_proposals(visits, windows=kept, now=now)


def visits_in_clinic(*, clinic: Clinic, now: dt.datetime) -> list[OrphanedVisit]:
    """Return a clinic's open visits to come: those that break when it closes. No new times are proposed there."""
    return [
        OrphanedVisit(appointment=visit, proposed=None) for visit in _open_visits(now).filter(clinic=clinic)
    ]


def visits_that_would_overlap(*, service: Service, now: dt.datetime) -> list[OrphanedVisit]:
    """Return the open visits of a service that have no room for its new, longer length, soonest first.

    `service` is not saved yet. Visits keep the length they were booked with until they are moved; those whose
    length comes from a special row for their doctor or clinic are not concerned.
    """
    minutes = service.duration_minutes
    special = [
        (row.doctor_id, row.clinic_id)
        for row in ServiceOverride.objects.filter(service=service, duration_minutes__isnull=False)
    ]
    visits = [
        visit
        for visit in _open_visits(now).filter(service=service)
        if not any(
            doctor_id in {None, visit.doctor_id} and clinic_id in {None, visit.clinic_id}
            for doctor_id, clinic_id in special
        )
    ]
    return _without_room(visits, minutes=minutes, now=now)


def visits_that_would_overlap_by(*, override: ServiceOverride, now: dt.datetime) -> list[OrphanedVisit]:
    """Return the open visits that have no room for the length of a special row, which is not saved yet."""
    if override.duration_minutes is None:
        return []
    visits = _open_visits(now).filter(service=override.service)
    if override.doctor_id is not None:
        visits = visits.filter(doctor=override.doctor_id)
    if override.clinic_id is not None:
        visits = visits.filter(clinic=override.clinic_id)
    found = [
        visit
        for visit in visits
        if (override.valid_from is None or override.valid_from <= visit.local_date.date())
        and (override.valid_until is None or visit.local_date.date() <= override.valid_until)
    ]
    return _without_room(found, minutes=override.duration_minutes, now=now)


def _without_room(visits: Sequence[Appointment], *, minutes: int, now: dt.datetime) -> list[OrphanedVisit]:
    length = dt.timedelta(minutes=minutes)
    growing = [visit for visit in visits if visit.ends_at - visit.appointment_date < length]
    if not growing:
        return []
    until = max(visit.appointment_date for visit in growing) + length
    taken = busy_of(sorted({visit.doctor_id for visit in growing}), since=now, until=until)
    crowded = [
        visit
        for visit in growing
        if taken[visit.doctor_id].meeting(visit.ends_at, visit.appointment_date + length) is not None
    ]
    return _with_proposals(crowded, windows={}, now=now, length=length)


def _open_visits(now: dt.datetime) -> QuerySet[Appointment]:
    return (
        Appointment.objects.filter(status__in=_OPEN, appointment_date__gte=now)
        .select_related("patient", "doctor__user", "service", "clinic")
        .order_by("appointment_date", "pk")
    )


def _busy_stretches(draft: Draft, now: dt.datetime) -> list[_Busy]:
    """Return what the visits to come take of the resources that may change. One query."""
    visits = Q(
        active=True,
        kind=ClaimKind.BOOKING,
        appointment__status__in=_OPEN,
        appointment__appointment_date__gte=now,
        resource__in=Resource.objects.filter(draft.resources),
    )
    margin = 2 * ONE_DAY
    if draft.since is not None:
        visits &= Q(appointment__appointment_date__gte=_midnight(draft.since - margin))
    if draft.until is not None:
        visits &= Q(appointment__appointment_date__lt=_midnight(draft.until + margin))
    claims = (
        Claim.objects.filter(visits)
        .select_related(
            "resource",
            "appointment__patient",
            "appointment__doctor__user",
            "appointment__service",
            "appointment__clinic",
        )
        .order_by("appointment__appointment_date", "appointment_id", "pk")
    )
    found = []
    for claim in claims:
        visit = claim.appointment
        if visit is None:
            continue
        starts_at, ends_at = visit.appointment_date, visit.ends_at
        if claim.resource.doctor_id is None:  # a room is needed for setting up and cleaning, too
            starts_at, ends_at = claim.span.lower or starts_at, claim.span.upper or ends_at
        found.append(_Busy(claim.resource_id, visit, starts_at, ends_at))
    return found


def _windows(
    books: Books, first: dt.date, last: dt.date
) -> tuple[dict[tuple[int, int], list[DayWindow]], dict[tuple[int, int], list[DayWindow]]]:
    """Return the windows by resource and clinic, before and after."""
    both: tuple[dict[tuple[int, int], list[DayWindow]], dict[tuple[int, int], list[DayWindow]]] = (
        defaultdict(list),
        defaultdict(list),
    )
    for found, book in zip(both, (books.before, books.after), strict=True):
        for resource in book.resources:
            for window in book.expand(resource, first=first, last=last):
                found[resource.id, window.clinic_id].append(window)
    return both


def _covers(windows: Iterable[DayWindow], busy: _Busy) -> bool:
    """Whether the stretch lies in one window, or in several that touch."""
    reached = busy.starts_at
    for window in windows:
        if window.starts_at <= reached < window.ends_at:
            reached = window.ends_at
            if reached >= busy.ends_at:
                return True
    return False


def _with_proposals(
    visits: Iterable[Appointment],
    *,
    windows: dict[int, list[DayWindow]],
    now: dt.datetime,
    length: dt.timedelta | None = None,
) -> list[OrphanedVisit]:
    """Give each visit the best free time that stays free after the change, no time twice.

    `windows`: of the doctors whose working time changes, as it would be; the others' is as it is.
    """
    ordered = sorted(visits, key=lambda visit: (visit.appointment_date, visit.pk))
    given: dict[int, list[Slot]] = defaultdict(list)
    found: list[OrphanedVisit] = []
    for place, visit in enumerate(ordered):
        proposed = None
        if place < MOST_PROPOSALS:
            for slot in islice(new_times(visit, keep_clear=None, now=now), _LOOKED_AT):
                if _stays_free(slot, windows, given[slot.doctor_id], length):
                    proposed = slot
                    given[slot.doctor_id].append(slot)
                    break
        found.append(OrphanedVisit(appointment=visit, proposed=proposed))
    return found


def _stays_free(
    slot: Slot, windows: dict[int, list[DayWindow]], given: Iterable[Slot], length: dt.timedelta | None
) -> bool:
    ends_at = slot.ends_at if length is None else max(slot.ends_at, slot.starts_at + length)
    if any(slot.starts_at < other.ends_at and other.starts_at < ends_at for other in given):
        return False
    own = windows.get(slot.doctor_id)
    if own is not None and not any(
        window.clinic_id == slot.clinic_id
        and window.starts_at <= slot.starts_at
        and ends_at <= window.ends_at
        for window in own
    ):
        return False
    if length is None:
        return True
    busy = busy_of([slot.doctor_id], since=slot.starts_at, until=ends_at)[slot.doctor_id]
    return busy.meeting(slot.starts_at, ends_at) is None


def _midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(0), tzinfo=dt.UTC)
