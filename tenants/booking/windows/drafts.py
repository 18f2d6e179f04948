"""What would be different: a change of rules that is not saved yet, and the rule books without and with it."""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from django.db.models import Q

from tenants.booking.models import Resource, ResourceKind, ScheduleException
from tenants.booking.windows.calendars import closed_days
from tenants.booking.windows.expansion import ClinicDays, Departure, Kind, Repeat, Scope
from tenants.booking.windows.instants import ONE_DAY, Rule
from tenants.booking.windows.reading import Rulebook, find_resources, read_rules
from tenants.clinics.models import Clinic
from tenants.doctors.models import Doctor, DoctorSchedule, SchedulePattern, ScheduleState

_NEWEST: Final = 2**62
"""Stands in for the id of an exception that is not saved yet: it comes after all others of its scope."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A change of rules. Empty fields leave things as they are.

    `resources` says whose working time may change; `since` and `until` on which local dates at most (both
    included). `hours` are all published hours in force that these doctors would have; `links` the clinics they
    would work in, the main one first.
    """

    resources: Q
    since: dt.date | None = None
    until: dt.date | None = None
    hours: Mapping[int, Sequence[DoctorSchedule]] = field(default_factory=dict)
    links: Mapping[int, Sequence[int]] = field(default_factory=dict)
    clinics: Mapping[int, Clinic] = field(default_factory=dict)
    without_exception: int | None = None
    exception: ScheduleException | None = None


@dataclass(frozen=True, slots=True)
class Books:
    """The rules as they are and as they would be, for the same resources and dates."""

    before: Rulebook
    after: Rulebook


def draft_of_exception(
    exception: ScheduleException, *, before: ScheduleException | None = None, removed: bool = False
) -> Draft:
    """Return the change of saving an exception (instead of `before`), or of deleting it."""
    sides = [exception] if before is None else [exception, before]
    lasting = any(each.repeat == Repeat.YEARLY for each in sides)
    resources = Q(pk__in=[])
    for each in sides:
        resources |= _resources_of(each)
    return Draft(
        resources=resources,
        since=min(each.start_date for each in sides),
        until=None if lasting else max(each.end_date for each in sides),
        without_exception=exception.pk,
        exception=None if removed else exception,
    )


def draft_of_hours(
    *, doctor_id: int, put: Iterable[DoctorSchedule] = (), without: Collection[int] = ()
) -> Draft:
    """Return the change of saving these hours of a doctor, and of taking those with the ids `without` away."""
    new = list(put)
    gone = {*without, *(each.pk for each in new)}
    rows = DoctorSchedule.objects.filter(doctor=doctor_id, is_active=True, state=ScheduleState.PUBLISHED)
    kept = [each for each in rows.order_by("pk") if each.pk not in gone]
    kept += [each for each in new if each.is_active and each.state == ScheduleState.PUBLISHED]
    return Draft(
        resources=Q(doctor=doctor_id),
        hours={doctor_id: [each for each in kept if each.doctor_id == doctor_id]},
    )


def draft_of_clinic(clinic: Clinic) -> Draft:
    """Return the change of a clinic's zone or calendar of holidays."""
    return Draft(resources=Q(doctor__clinic_links__clinic=clinic.pk), clinics={clinic.pk: clinic})


def draft_of_places(doctor: Doctor, *, clinic_ids: Sequence[int]) -> Draft:
    """Return the change of the clinics that a doctor works in; none when they no longer see patients."""
    return Draft(resources=Q(doctor=doctor.pk), links={doctor.pk: clinic_ids})


def books_of(draft: Draft, *, resource_ids: Collection[int], first: dt.date, last: dt.date) -> Books:
    """Read the rules for these resources on the local dates `[first, last)`, without and with the change."""
    before = read_rules(find_resources(resource_ids), first=first, last=last)
    return Books(before=before, after=_changed(before, draft))


def rule_of(hours: DoctorSchedule) -> Rule:
    """Return hours as expansion wants them."""
    is_cycle = hours.pattern == SchedulePattern.CYCLE
    return Rule(
        weekday=hours.day_of_week,
        start=hours.start_time,
        end=hours.end_time,
        valid_from=hours.valid_from,
        valid_until=hours.valid_until,
        every_weeks=1 if is_cycle else hours.every_weeks,
        anchor=hours.anchor_date,
        cycle_days=hours.cycle_days if is_cycle else None,
        cycle_day=hours.cycle_day if is_cycle else None,
    )


def _changed(book: Rulebook, draft: Draft) -> Rulebook:
    rules = dict(book.rules)
    for doctor_id, rows in draft.hours.items():
        own: dict[int, list[Rule]] = {}
        for row in rows:
            own.setdefault(row.clinic_id, []).append(rule_of(row))
        rules[doctor_id] = own
    wide, of_doctors, of_rooms = list(book.wide), dict(book.of_doctors), dict(book.of_rooms)
    if draft.without_exception is not None:
        gone = draft.without_exception
        wide = [each for each in wide if each.id != gone]
        of_doctors = {key: [each for each in rows if each.id != gone] for key, rows in of_doctors.items()}
        of_rooms = {key: [each for each in rows if each.id != gone] for key, rows in of_rooms.items()}
    if draft.exception is not None:
        departure = _departure_of(draft.exception)
        if departure.scope is Scope.DOCTOR and draft.exception.doctor_id is not None:
            key = draft.exception.doctor_id
            of_doctors[key] = [*of_doctors.get(key, ()), departure]
        elif departure.scope is Scope.RESOURCE and draft.exception.resource_id is not None:
            key = draft.exception.resource_id
            of_rooms[key] = [*of_rooms.get(key, ()), departure]
        else:
            wide.append(departure)
    return replace(
        book,
        rules=rules,
        wide=wide,
        of_doctors=of_doctors,
        of_rooms=of_rooms,
        links={**book.links, **draft.links},
        clinics={**book.clinics, **{pk: _days_of(clinic, book) for pk, clinic in draft.clinics.items()}},
    )


def _days_of(clinic: Clinic, book: Rulebook) -> ClinicDays:
    margin = 7 * ONE_DAY
    return ClinicDays(
        id=clinic.pk,
        zone=clinic.time_zone,
        holidays=closed_days(clinic.holiday_calendar, first=book.first - margin, last=book.last + margin),
    )


def _departure_of(exception: ScheduleException) -> Departure:
    return Departure(
        id=exception.pk or _NEWEST,
        scope=Scope(exception.scope),
        kind=Kind(exception.kind),
        start_date=exception.start_date,
        end_date=exception.end_date,
        clinic_id=exception.clinic_id,
        repeat=Repeat(exception.repeat),
        weekdays=frozenset(exception.weekdays),
        nth=exception.nth,
        start_time=exception.start_time,
        end_time=exception.end_time,
    )


def _resources_of(exception: ScheduleException) -> Q:
    match exception.scope:
        case Scope.NETWORK:
            return Q(kind=ResourceKind.DOCTOR)
        case Scope.CLINIC:
            return Q(doctor__clinic_links__clinic=exception.clinic_id)
        case Scope.DOCTOR:
            return Q(doctor=exception.doctor_id)
        case _:
            return Q(pk=exception.resource_id)


def resource_ids_of(draft: Draft) -> list[int]:
    """Return the ids of the resources whose working time may change, in order."""
    rows = Resource.objects.filter(draft.resources).order_by("pk")
    return list(rows.values_list("pk", flat=True).distinct())
