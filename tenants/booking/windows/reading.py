"""What expansion needs from the database, for many resources at once."""

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from django.db import connection

from tenants.booking.windows.calendars import closed_days
from tenants.booking.windows.expansion import (
    ClinicDays,
    DayWindow,
    Departure,
    Kind,
    Repeat,
    Scope,
    Travel,
    expand_doctor,
    expand_room,
)
from tenants.booking.windows.instants import ONE_DAY, Rule

_MARGIN: Final = 7 * ONE_DAY
"""Holidays are read a little beyond the range, which expansion looks out of."""

# One statement each, for any number of resources. Hours where the doctor no longer works do not count.
_RESOURCES: Final = """
    SELECT id, kind, doctor_id, clinic_id, windows_until FROM booking_resource WHERE id = ANY(%s) ORDER BY id
"""
_HOURS: Final = """
    SELECT s.doctor_id, s.clinic_id, s.day_of_week, s.start_time, s.end_time, s.valid_from, s.valid_until,
           CASE WHEN s.pattern = 'weekly' THEN s.every_weeks ELSE 1 END, s.anchor_date,
           CASE WHEN s.pattern = 'cycle' THEN s.cycle_days END, s.cycle_day
    FROM doctors_doctorschedule s
    WHERE s.is_active AND s.state = 'published' AND s.doctor_id = ANY(%s)
    ORDER BY s.doctor_id, s.id
"""
_CLINICS: Final = "SELECT id, time_zone, holiday_calendar FROM clinics_clinic ORDER BY name, id"
_LINKS: Final = """
    SELECT doctor_id, clinic_id FROM doctors_doctorclinic WHERE doctor_id = ANY(%s) ORDER BY "order", id
"""
_TRAVEL: Final = "SELECT from_clinic_id, to_clinic_id, minutes FROM clinics_traveltime"
_DEPARTURES: Final = """
    SELECT id, scope, kind, start_date, end_date, clinic_id, repeat, weekdays::text, nth, start_time, end_time,
           doctor_id, resource_id
    FROM booking_scheduleexception
    WHERE scope IN ('network', 'clinic') OR doctor_id = ANY(%s) OR resource_id = ANY(%s)
"""


class ResourceFacts(NamedTuple):
    """A resource as far as its windows are concerned; the columns of `_RESOURCES`."""

    id: int
    kind: str
    doctor_id: int | None
    clinic_id: int | None
    windows_until: dt.date | None


@dataclass(frozen=True, slots=True)
class Rulebook:
    """Everything that decides about the windows of some resources on the local dates `[first, last)`."""

    resources: Sequence[ResourceFacts]
    first: dt.date
    last: dt.date
    clinics: Mapping[int, ClinicDays]
    links: Mapping[int, Sequence[int]]
    rules: Mapping[int, Mapping[int, Sequence[Rule]]]
    travel: Travel
    wide: Sequence[Departure]
    of_doctors: Mapping[int, Sequence[Departure]] = field(default_factory=dict)
    of_rooms: Mapping[int, Sequence[Departure]] = field(default_factory=dict)

    def expand(self, resource: ResourceFacts, *, first: dt.date, last: dt.date) -> list[DayWindow]:
        """Return the windows of one of the resources on the dates `[first, last)` within the book's own."""
        if resource.doctor_id is None:
            own = self.of_rooms.get(resource.id, ())
            clinic = self.clinics.get(resource.clinic_id or 0)
            return expand_room(clinic=clinic, departures=own, first=first, last=last) if clinic else []
        return self.expand_doctor(
            resource.doctor_id,
            rules=self.rules.get(resource.doctor_id, {}),
            departures=self.of_doctors.get(resource.doctor_id, ()),
            first=first,
            last=last,
        )

    def expand_doctor(
        self,
        doctor_id: int,
        *,
        rules: Mapping[int, Sequence[Rule]],
        departures: Iterable[Departure],
        wide: Iterable[Departure] | None = None,
        first: dt.date,
        last: dt.date,
    ) -> list[DayWindow]:
        """Return what a doctor's windows would be with these hours and own exceptions (and `wide` ones, if given)."""
        return expand_doctor(
            rules=rules,
            clinics=[self.clinics[clinic_id] for clinic_id in self.links.get(doctor_id, ())],
            departures=[*(self.wide if wide is None else wide), *departures],
            travel=self.travel,
            first=first,
            last=last,
        )


def find_resources(resource_ids: Collection[int]) -> list[ResourceFacts]:
    """Return the resources found, by id. One query."""
    return [ResourceFacts(*row) for row in _rows(_RESOURCES, [list(resource_ids)])]


def read_rules(resources: Sequence[ResourceFacts], *, first: dt.date, last: dt.date) -> Rulebook:
    """Read all rules for these resources. Five queries, however many they are."""
    doctor_ids = [each.doctor_id for each in resources if each.doctor_id is not None]
    room_ids = [each.id for each in resources if each.doctor_id is None]
    links: dict[int, list[int]] = defaultdict(list)
    for doctor_id, clinic_id in _rows(_LINKS, [doctor_ids]):
        links[doctor_id].append(clinic_id)
    rules: dict[int, dict[int, list[Rule]]] = defaultdict(lambda: defaultdict(list))
    for doctor_id, clinic_id, *rule in _rows(_HOURS, [doctor_ids]):
        rules[doctor_id][clinic_id].append(Rule(*rule))
    wide: list[Departure] = []
    of_doctors: dict[int, list[Departure]] = defaultdict(list)
    of_rooms: dict[int, list[Departure]] = defaultdict(list)
    for *facts, doctor_id, resource_id in _rows(_DEPARTURES, [doctor_ids, room_ids]):
        departure = _departure(facts)
        if departure.scope is Scope.DOCTOR:
            of_doctors[doctor_id].append(departure)
        elif departure.scope is Scope.RESOURCE:
            of_rooms[resource_id].append(departure)
        else:
            wide.append(departure)
    return Rulebook(
        resources=resources,
        first=first,
        last=last,
        clinics=_clinics(first, last),
        links=links,
        rules=rules,
        travel={
            frozenset((one, other)): dt.timedelta(minutes=minutes)
            for one, other, minutes in _rows(_TRAVEL, [])
        },
        wide=wide,
        of_doctors=of_doctors,
        of_rooms=of_rooms,
    )


def _clinics(first: dt.date, last: dt.date) -> dict[int, ClinicDays]:
    return {
        clinic_id: ClinicDays(
            id=clinic_id,
            zone=zone,
            holidays=closed_days(calendar, first=first - _MARGIN, last=last + _MARGIN),
        )
        for clinic_id, zone, calendar in _rows(_CLINICS, [])
    }


def _departure(facts: Sequence[Any]) -> Departure:
    (
        row_id,
        scope,
        kind,
        start_date,
        end_date,
        clinic_id,
        repeat,
        weekdays,
        nth,
        start_time,
        end_time,
    ) = facts
    return Departure(
        id=row_id,
        scope=Scope(scope),
        kind=Kind(kind),
        start_date=start_date,
        end_date=end_date,
        clinic_id=clinic_id,
        repeat=Repeat(repeat),
        weekdays=frozenset(json.loads(weekdays)),
        nth=nth,
        start_time=start_time,
        end_time=end_time,
    )


def _rows(query: str, params: list[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, params)
        return list(cursor.fetchall())
