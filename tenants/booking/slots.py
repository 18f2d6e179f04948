"""The booking engine: from wall-clock rules to bookable slots. Computes; reads no database and no clock.

Instants are derived from wall-clock times here and nowhere else. A rule means the instants at which the clinic's
clock shows a time in `[start, end)`: an hour that the clock skips gives nothing, an hour that it shows twice
gives twice, and a rule that begins or ends inside the repeated hour gives two separate windows. Lengths and steps
are elapsed time. All instants are aware UTC datetimes, all intervals half-open.
"""

import datetime as dt
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from saas.core.formatting import format_time

UTC: Final = dt.UTC
ONE_DAY: Final = dt.timedelta(days=1)
MIDNIGHT: Final = dt.time(0)


class Rule(NamedTuple):
    """Weekly hours on one day (0 Monday) of the clinic's wall clock; see `doctors.DoctorSchedule`."""

    weekday: int
    start: dt.time
    end: dt.time
    valid_from: dt.date | None = None
    valid_until: dt.date | None = None

    def holds_on(self, day: dt.date) -> bool:
        return (
            day.weekday() == self.weekday
            and (self.valid_from is None or self.valid_from <= day)
            and (self.valid_until is None or day <= self.valid_until)
        )


class Window(NamedTuple):
    """Time in which visits can be booked. Its beginning is the anchor of the grid of slots."""

    starts_at: dt.datetime
    ends_at: dt.datetime


class BusyKind(StrEnum):
    TAKEN = "taken"
    BLOCKED = "blocked"


class Busy(NamedTuple):
    """Time in which the doctor cannot be booked."""

    starts_at: dt.datetime
    ends_at: dt.datetime
    kind: BusyKind


class Reason(StrEnum):
    """Why an instant cannot be booked; the codes are part of the API."""

    IN_PAST = "in_past"
    TOO_LATE = "too_late"
    BEYOND_HORIZON = "beyond_horizon"
    NOT_OFFERED = "not_offered"
    NOT_WORKING = "not_working"
    BREAK = "break"
    MISALIGNED = "misaligned"
    BLOCKED = "blocked"
    TAKEN = "taken"


class BusyTimes:
    """Busy intervals of one doctor, in order, for quick questions."""

    __slots__ = ("_items", "_starts")

    def __init__(self, items: Iterable[Busy] = ()) -> None:
        self._items: list[Busy] = []
        for item in sorted(items):
            last = self._items[-1] if self._items else None
            if (
                last is not None and item.starts_at < last.ends_at
            ):  # overbooked: one interval, the first one's kind
                self._items[-1] = last._replace(ends_at=max(last.ends_at, item.ends_at))
            else:
                self._items.append(item)
        self._starts = [item.starts_at for item in self._items]

    def meeting(self, starts_at: dt.datetime, ends_at: dt.datetime) -> Busy | None:
        """Return what is busy in `[starts_at, ends_at)`, the last of several; None when all of it is free."""
        index = bisect_left(self._starts, ends_at) - 1
        if index >= 0 and self._items[index].ends_at > starts_at:
            return self._items[index]
        return None


@dataclass(frozen=True, slots=True)
class Limits:
    """Between which instants visits may begin: `[earliest, latest)`; `now` tells the past from short notice."""

    now: dt.datetime
    earliest: dt.datetime
    latest: dt.datetime

    def refusal(self, starts_at: dt.datetime) -> Reason | None:
        if starts_at < self.now:
            return Reason.IN_PAST
        if starts_at < self.earliest:
            return Reason.TOO_LATE
        if starts_at >= self.latest:
            return Reason.BEYOND_HORIZON
        return None


@dataclass(frozen=True, slots=True)
class Plan:
    """All that decides about one doctor's visits of one length in one clinic."""

    windows: Sequence[Window]
    busy: BusyTimes
    limits: Limits
    length: dt.timedelta
    step: dt.timedelta


def limits_for(*, now: dt.datetime, zone: str, notice_minutes: int, horizon_days: int) -> Limits:
    """Return the limits of a clinic: notice is elapsed time, the horizon counts local dates after today."""
    last_day = now.astimezone(ZoneInfo(zone)).date() + dt.timedelta(days=horizon_days)
    return Limits(
        now=now,
        earliest=now + dt.timedelta(minutes=notice_minutes),
        latest=day_start(last_day + ONE_DAY, zone),
    )


def work_windows(rules: Iterable[Rule], *, zone: str, first: dt.date, last: dt.date) -> list[Window]:
    """Return the windows that reach into the local dates `[first, last)`, in order of their beginning.

    One that began on the evening before `first` is included whole, and so is one that ends after `last`.
    """
    by_weekday: dict[int, list[Rule]] = {}
    for rule in rules:
        by_weekday.setdefault(rule.weekday, []).append(rule)
    if not by_weekday:
        return []
    begin, end = day_start(first, zone), day_start(last, zone)
    found: list[Window] = []
    day = first - ONE_DAY
    while day < last:
        for rule in by_weekday.get(day.weekday(), ()):
            if rule.holds_on(day):
                found.extend(
                    w for w in _windows_of(rule, day, zone) if w.ends_at > begin and w.starts_at < end
                )
        day += ONE_DAY
    found.sort()
    return found


def free_starts(plan: Plan, *, since: dt.datetime, until: dt.datetime) -> list[dt.datetime]:
    """Return every instant in `[since, until)` at which a visit can begin, in order, each once."""
    found: list[dt.datetime] = []
    for window in plan.windows:
        found.extend(_free_in(plan, window, since, until))
    if len(plan.windows) > 1:
        return sorted(set(found))
    return found


def first_free(plan: Plan, *, since: dt.datetime, until: dt.datetime) -> dt.datetime | None:
    """Return the earliest of `free_starts`, without computing the others; None when there is none."""
    best: dt.datetime | None = None
    for window in plan.windows:
        if best is not None and window.starts_at >= best:
            break
        found = next(_free_in(plan, window, since, until), None)
        if found is not None and (best is None or found < best):
            best = found
    return best


def examine(plan: Plan, starts_at: dt.datetime) -> Reason | None:
    """Return the first rule that refuses a visit at this instant; None exactly when `free_starts` has it."""
    refused = plan.limits.refusal(starts_at)
    if refused is not None:
        return refused
    ends_at = starts_at + plan.length
    inside = [window for window in plan.windows if window.starts_at <= starts_at < window.ends_at]
    if not inside:
        before = any(window.ends_at <= starts_at for window in plan.windows)
        after = any(window.starts_at > starts_at for window in plan.windows)
        return Reason.BREAK if before and after else Reason.NOT_WORKING
    if not any(
        ends_at <= window.ends_at and not (starts_at - window.starts_at) % plan.step for window in inside
    ):
        return Reason.MISALIGNED
    return _busy_refusal(plan, starts_at, ends_at)


def day_start(day: dt.date, zone: str) -> dt.datetime:
    """Return the first instant of a local date; where midnight is skipped, the moment of the change."""
    # fold=0 in a gap takes the offset from before it, which gives exactly the moment of the change.
    return dt.datetime.combine(day, MIDNIGHT, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def slot_label(starts_at: dt.datetime, zone: str) -> str:
    """Return the time that the clinic's clock shows; with its offset when the clock shows it twice that day."""
    tzinfo = ZoneInfo(zone)
    text = format_time(starts_at, zone=tzinfo)
    local = starts_at.astimezone(tzinfo)
    if local.replace(fold=0).utcoffset() == local.replace(fold=1).utcoffset():
        return text
    minutes = int((local.utcoffset() or dt.timedelta()).total_seconds()) // 60
    hours, rest = divmod(abs(minutes), 60)
    return f"{text} (UTC{'−' if minutes < 0 else '+'}{hours}{f':{rest:02d}' if rest else ''})"


def _free_in(plan: Plan, window: Window, since: dt.datetime, until: dt.datetime) -> Iterator[dt.datetime]:
    first = max(since, plan.limits.earliest, plan.limits.now)
    last = min(until, plan.limits.latest)
    at = window.starts_at
    if first > at:
        at += -((at - first) // plan.step) * plan.step
    while at < last and at + plan.length <= window.ends_at:
        if _busy_refusal(plan, at, at + plan.length) is None:
            yield at
        at += plan.step


def _busy_refusal(plan: Plan, starts_at: dt.datetime, ends_at: dt.datetime) -> Reason | None:
    met = plan.busy.meeting(starts_at, ends_at)
    if met is None:
        return None
    return Reason.BLOCKED if met.kind is BusyKind.BLOCKED else Reason.TAKEN


def _windows_of(rule: Rule, day: dt.date, zone: str) -> list[Window]:
    start = dt.datetime.combine(day, rule.start, tzinfo=UTC)
    end = dt.datetime.combine(day, rule.end, tzinfo=UTC)
    if end <= start:
        end += ONE_DAY
    pieces: list[Window] = []
    for begins_at, ends_at, offset in _offsets(zone, day):
        # The piece of the rule that lies where this offset is in force.
        piece = Window(max(start - offset, begins_at), min(end - offset, ends_at))
        if piece.starts_at >= piece.ends_at:
            continue
        if pieces and pieces[-1].ends_at == piece.starts_at:
            piece = Window(pieces.pop().starts_at, piece.ends_at)
        pieces.append(piece)
    return pieces


@lru_cache(maxsize=8192)
def _offsets(zone: str, day: dt.date) -> tuple[tuple[dt.datetime, dt.datetime, dt.timedelta], ...]:
    """Return the stretches of constant UTC offset around a local date and the one after it, in order.

    No zone is more than a day away from UTC, so two days before and four after hold every window of the day.
    """
    tzinfo = ZoneInfo(zone)
    begin = dt.datetime.combine(day, MIDNIGHT, tzinfo=UTC) - 2 * ONE_DAY
    end = begin + 6 * ONE_DAY
    stretches: list[tuple[dt.datetime, dt.datetime, dt.timedelta]] = []
    since = at = begin
    offset = _offset_at(at, tzinfo)
    while at < end:
        following = at + dt.timedelta(hours=6)
        if _offset_at(following, tzinfo) != offset:
            changed = _change_between(at, following, tzinfo)
            stretches.append((since, changed, offset))
            since, offset = changed, _offset_at(changed, tzinfo)
            following = max(following, changed)
        at = following
    stretches.append((since, end, offset))
    return tuple(stretches)


def _change_between(before: dt.datetime, after: dt.datetime, tzinfo: ZoneInfo) -> dt.datetime:
    """Return the second at which the offset changes, by halving."""
    old = _offset_at(before, tzinfo)
    while after - before > dt.timedelta(seconds=1):
        middle = before + dt.timedelta(seconds=int((after - before).total_seconds()) // 2)
        if _offset_at(middle, tzinfo) == old:
            before = middle
        else:
            after = middle
    return after


def _offset_at(instant: dt.datetime, tzinfo: ZoneInfo) -> dt.timedelta:
    return instant.astimezone(tzinfo).utcoffset() or dt.timedelta()
