"""From recurring hours, holidays and exceptions to windows. Computes; reads no database and no clock.

The hours of a local date are built in layers, each on what those before it left: recurring hours; the clinic's
public holidays, which close it; then exceptions of the network, the clinic, the doctor or resource, and within
one scope in the order of their rows. So narrower scopes win over wider ones and later rows over earlier ones, and
hours added by an exception are open on a holiday.

A window belongs to the local date on which it begins. What holds for whole days (a holiday, a block without
hours, a replacement) takes the windows that belong to the date: a night shift that began the evening before ends
as usual, one that begins in the evening goes with its hours after midnight. A block with hours takes these hours
from every window.

Extra hours of a network or a clinic are for every doctor who has hours there that are valid on the date; other
hours instead, for those who would have worked on it. Touching windows stay two, because each is the anchor of its
own grid of slots; overlapping ones of a clinic become one. Where a doctor's windows in two clinics lie closer
than the way between them, the later one begins later.
"""

import calendar
import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, NamedTuple, TypeAlias

from tenants.booking.windows.instants import ONE_DAY, Rule, Window, day_start, wall_windows

_MARGIN: Final = 2 * ONE_DAY
"""Windows outside of the range that can cut into those inside: a night shift, and what cuts that one."""
_YEAR_DAYS: Final = 365
_NO_WAY: Final = dt.timedelta()

Travel: TypeAlias = Mapping[frozenset[int], dt.timedelta]
"""Two clinic ids -> how long the way between them takes."""


class Kind(StrEnum):
    ADD = "add"
    REPLACE = "replace"
    BLOCK = "block"


class Repeat(StrEnum):
    NONE = "none"
    WEEKLY = "weekly"
    YEARLY = "yearly"
    NTH = "nth"


class Scope(StrEnum):
    """From the widest to the narrowest."""

    NETWORK = "network"
    CLINIC = "clinic"
    DOCTOR = "doctor"
    RESOURCE = "resource"


_RANKS: Final = {scope: rank for rank, scope in enumerate(Scope)}
_WIDE: Final = frozenset({Scope.NETWORK, Scope.CLINIC})


@dataclass(frozen=True, slots=True)
class Departure:
    """A schedule exception; see `booking.ScheduleException`. Without times it means whole days."""

    id: int
    scope: Scope
    kind: Kind
    start_date: dt.date
    end_date: dt.date
    clinic_id: int | None = None
    repeat: Repeat = Repeat.NONE
    weekdays: frozenset[int] = frozenset()
    nth: int | None = None
    start_time: dt.time | None = None
    end_time: dt.time | None = None

    @property
    def order(self) -> tuple[int, int]:
        """Those that come later in this order win."""
        return _RANKS[self.scope], self.id

    def days(self, first: dt.date, last: dt.date) -> list[dt.date]:
        """Return the local dates of `[first, last)` on which it holds, in order."""
        begin = max(first, self.start_date)
        end = last if self.repeat is Repeat.YEARLY else min(last, self.end_date + ONE_DAY)
        days = [begin + dt.timedelta(days=n) for n in range(max((end - begin).days, 0))]
        return days if self.repeat is Repeat.NONE else [day for day in days if self._recurs_on(day)]

    def windows(self, day: dt.date, zone: str) -> Sequence[Window]:
        """Return its hours on a date; none for whole days."""
        if self.start_time is None or self.end_time is None:
            return ()
        return wall_windows(self.start_time, self.end_time, day, zone)

    def _recurs_on(self, day: dt.date) -> bool:
        if self.repeat is Repeat.YEARLY:
            return self._in_season(day)
        if day.weekday() not in self.weekdays:
            return False
        if self.repeat is Repeat.WEEKLY:
            return True
        if self.nth == -1:
            return day.day + 7 > calendar.monthrange(day.year, day.month)[1]
        return (day.day - 1) // 7 + 1 == self.nth

    def _in_season(self, day: dt.date) -> bool:
        """Whether a year has the date between these two: 29 February alone is in leap years only."""
        if (self.end_date - self.start_date).days >= _YEAR_DAYS:
            return True
        at = (day.month, day.day)
        begin = (self.start_date.month, self.start_date.day)
        end = (self.end_date.month, self.end_date.day)
        return begin <= at <= end if begin <= end else at >= begin or at <= end


@dataclass(frozen=True, slots=True)
class ClinicDays:
    """A clinic's zone, and its public holidays in the range that is expanded."""

    id: int
    zone: str
    holidays: Mapping[dt.date, str] = field(default_factory=dict)


class DayWindow(NamedTuple):
    """Working time `[starts_at, ends_at)` in a clinic, belonging to the clinic's local date."""

    starts_at: dt.datetime
    ends_at: dt.datetime
    clinic_id: int
    local_date: dt.date


_Days: TypeAlias = dict[dt.date, list[Window]]


def expand_doctor(
    *,
    rules: Mapping[int, Sequence[Rule]],
    clinics: Sequence[ClinicDays],
    departures: Iterable[Departure],
    travel: Travel,
    first: dt.date,
    last: dt.date,
) -> list[DayWindow]:
    """Return a doctor's windows that belong to the local dates `[first, last)`, in order, none overlapping.

    `rules` are by clinic; `clinics` are those the doctor works in, the main one first: hours of the doctor's own
    exceptions that name no clinic lie there. `departures` of other doctors must not be among them.
    """
    begin, end = first - _MARGIN, last + _MARGIN
    ordered = sorted(departures, key=lambda departure: departure.order)
    found: list[DayWindow] = []
    for place, clinic in enumerate(clinics):
        own = rules.get(clinic.id, ())
        days = _usual_days(own, clinic.zone, begin, end)
        usual = frozenset(days)
        for day in clinic.holidays:
            days.pop(day, None)
        for departure in ordered:
            if departure.clinic_id in {None, clinic.id}:
                _depart(
                    days, departure, clinic.zone, rules=own, usual=usual, is_home=not place, span=(begin, end)
                )
        found.extend(
            DayWindow(window.starts_at, window.ends_at, clinic.id, day)
            for day, windows in days.items()
            for window in windows
        )
    kept = _apart(sorted(found), travel)
    return [window for window in kept if first <= window.local_date < last]


def expand_room(
    *, clinic: ClinicDays, departures: Iterable[Departure], first: dt.date, last: dt.date
) -> list[DayWindow]:
    """Return when a room or device can be used, by local dates of `[first, last)`: always, but for its own blocks.

    Days touch: a visit past midnight lies in two windows. Holidays and the clinic's exceptions do not matter here,
    they decide about doctors.
    """
    begin, end = first - _MARGIN, last + _MARGIN
    days: _Days = {}
    day = begin
    while day < end:
        whole = Window(day_start(day, clinic.zone), day_start(day + ONE_DAY, clinic.zone))
        if whole.starts_at < whole.ends_at:  # Samoa had no 30 December 2011
            days[day] = [whole]
        day += ONE_DAY
    usual = frozenset(days)
    for departure in sorted(departures, key=lambda each: each.order):
        _depart(days, departure, clinic.zone, rules=(), usual=usual, is_home=True, span=(begin, end))
    found = sorted(
        DayWindow(window.starts_at, window.ends_at, clinic.id, day)
        for day, windows in days.items()
        for window in windows
    )
    return [window for window in _apart(found, {}) if first <= window.local_date < last]


def _usual_days(rules: Sequence[Rule], zone: str, first: dt.date, last: dt.date) -> _Days:
    days: _Days = {}
    for rule in rules:
        for day in rule.days(first, last):
            hours = wall_windows(rule.start, rule.end, day, zone)
            if hours:
                days.setdefault(day, []).extend(hours)
    for day, windows in days.items():
        if len(windows) > 1:
            days[day] = _united(windows)
    return days


def _depart(
    days: _Days,
    departure: Departure,
    zone: str,
    *,
    rules: Sequence[Rule],
    usual: frozenset[dt.date],
    is_home: bool,
    span: tuple[dt.date, dt.date],
) -> None:
    """Change the windows of one clinic as the exception says."""
    is_wide = departure.scope in _WIDE
    for day in departure.days(*span):
        if departure.kind is Kind.BLOCK:
            _block(days, day, departure.windows(day, zone))
            continue
        if is_wide and not (
            day in usual if departure.kind is Kind.REPLACE else any(_is_valid(rule, day) for rule in rules)
        ):
            continue
        if departure.kind is Kind.REPLACE:
            days.pop(day, None)
        if is_wide or departure.clinic_id is not None or is_home:
            hours = [*days.get(day, ()), *departure.windows(day, zone)]
            if hours:
                days[day] = _united(hours)


def _block(days: _Days, day: dt.date, hours: Sequence[Window]) -> None:
    if not hours:
        days.pop(day, None)
        return
    for touched in (day - ONE_DAY, day, day + ONE_DAY):
        left = days.pop(touched, [])
        for hour in hours:
            left = [piece for window in left for piece in _without(window, hour)]
        if left:
            days[touched] = left


def _without(window: Window, taken: Window) -> list[Window]:
    if taken.ends_at <= window.starts_at or taken.starts_at >= window.ends_at:
        return [window]
    pieces = []
    if window.starts_at < taken.starts_at:
        pieces.append(Window(window.starts_at, taken.starts_at))
    if taken.ends_at < window.ends_at:
        pieces.append(Window(taken.ends_at, window.ends_at))
    return pieces


def _united(windows: Iterable[Window]) -> list[Window]:
    """Make one of those that overlap; touching ones stay two."""
    found: list[Window] = []
    for window in sorted(windows):
        if found and window.starts_at < found[-1].ends_at:
            found[-1] = Window(found[-1].starts_at, max(found[-1].ends_at, window.ends_at))
        else:
            found.append(window)
    return found


def _apart(windows: Iterable[DayWindow], travel: Travel) -> list[DayWindow]:
    """Let each window begin when those before it are over and the way is done; drop what is left of none."""
    found: list[DayWindow] = []
    last_ends: dict[int, dt.datetime] = {}
    for window in windows:
        starts_at, clinic_id = window.starts_at, window.clinic_id
        for other_id, ends_at in last_ends.items():
            reached = ends_at
            if other_id != clinic_id:
                reached += travel.get(frozenset((other_id, clinic_id)), _NO_WAY)
            starts_at = max(starts_at, reached)
        if starts_at < window.ends_at:
            found.append(window if starts_at == window.starts_at else window._replace(starts_at=starts_at))
            last_ends[clinic_id] = window.ends_at
    return found


def _is_valid(rule: Rule, day: dt.date) -> bool:
    return (rule.valid_from is None or rule.valid_from <= day) and (
        rule.valid_until is None or day <= rule.valid_until
    )
