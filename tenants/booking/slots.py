"""The booking engine: from windows to bookable slots. Computes; reads no database and no clock.

Instants are derived from wall-clock times in `windows.instants`. Lengths and steps are elapsed time. All instants
are aware UTC datetimes, all intervals half-open. What only some visits are bound by (rooms, buffers, limits of
visits, release waves, breaks, ways) is in `restrictions`; the others do not pay for it.
"""

import datetime as dt
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, Protocol
from zoneinfo import ZoneInfo

from saas.core.formatting import format_time
from tenants.booking.windows.instants import ONE_DAY, UTC, Rule, Window, day_start, work_windows

__all__ = [
    "ONE_DAY",
    "UTC",
    "Busy",
    "BusyKind",
    "BusyTimes",
    "Limits",
    "Plan",
    "Reason",
    "Restricting",
    "Rule",
    "Window",
    "day_start",
    "examine",
    "first_free",
    "free_starts",
    "limits_for",
    "slot_label",
    "work_windows",
]


class BusyKind(StrEnum):
    TAKEN = "taken"
    BLOCKED = "blocked"


class Busy(NamedTuple):
    """Time in which the doctor cannot be booked."""

    starts_at: dt.datetime
    ends_at: dt.datetime
    kind: BusyKind


class Reason(StrEnum):
    """Why an instant cannot be booked, in the order of asking; the codes are part of the API."""

    IN_PAST = "in_past"
    NOT_OFFERED = "not_offered"
    NOT_WORKING = "not_working"
    BREAK = "break"
    MISALIGNED = "misaligned"
    TOO_LONG = "too_long"
    TOO_LATE = "too_late"
    BEYOND_HORIZON = "beyond_horizon"
    NOT_RELEASED = "not_released"
    CAP_REACHED = "cap_reached"
    BLOCKED = "blocked"
    TAKEN = "taken"
    ON_THE_WAY = "on_the_way"
    NO_ROOM = "no_room"
    NO_TIME_FOR_BREAK = "no_time_for_break"


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

    def within(self, starts_at: dt.datetime, ends_at: dt.datetime) -> list[Busy]:
        """Return all that is busy in `[starts_at, ends_at)`, in order, whole."""
        last = bisect_left(self._starts, ends_at)
        first = last
        while first > 0 and self._items[first - 1].ends_at > starts_at:
            first -= 1
        return self._items[first:last]


class Restricting(Protocol):
    """Rules beyond windows, limits and claims of the doctor; see `restrictions.Restrictions`."""

    @property
    def before(self) -> dt.timedelta:
        """For how long before a visit the doctor must have no other."""

    @property
    def after(self) -> dt.timedelta:
        """For how long after a visit the doctor must have no other."""

    def early_refusal(self, starts_at: dt.datetime, ignoring: AbstractSet[Reason]) -> Reason | None:
        """Ask the rules that come before claims."""

    def late_refusal(
        self, starts_at: dt.datetime, ends_at: dt.datetime, ignoring: AbstractSet[Reason]
    ) -> Reason | None:
        """Ask the rules that come after claims."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Between which instants visits may begin: `[earliest, latest)`; `now` tells the past from short notice.

    What begins before `offered_from` is not offered, though it can be booked: somebody who was offered a time has a
    moment to take it.
    """

    now: dt.datetime
    earliest: dt.datetime
    latest: dt.datetime
    offered_from: dt.datetime | None = None

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
    """All that decides about one doctor's visits of one length in one clinic.

    Without `on_grid` a visit may begin at any instant, as staff want it; times are offered on the grid all the same.
    """

    windows: Sequence[Window]
    busy: BusyTimes
    limits: Limits
    length: dt.timedelta
    step: dt.timedelta
    on_grid: bool = True
    restrictions: Restricting | None = None


def limits_for(*, now: dt.datetime, zone: str, notice_minutes: int, horizon_days: int) -> Limits:
    """Return the limits of a clinic: notice is elapsed time, the horizon counts local dates after today."""
    last_day = now.astimezone(ZoneInfo(zone)).date() + dt.timedelta(days=horizon_days)
    return Limits(
        now=now,
        earliest=now + dt.timedelta(minutes=notice_minutes),
        latest=day_start(last_day + ONE_DAY, zone),
    )


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


def examine(
    plan: Plan, starts_at: dt.datetime, *, ignoring: AbstractSet[Reason] = frozenset()
) -> Reason | None:
    """Return the first rule that refuses a visit at this instant; None exactly when `free_starts` has it.

    Off the grid, where `plan.on_grid` does not matter, it is None for more instants than are offered. `ignoring`
    are rules that do not count here.
    """
    if starts_at < plan.limits.now:
        return Reason.IN_PAST
    ends_at = starts_at + plan.length
    limit = plan.limits.refusal(starts_at)
    return (
        _window_refusal(plan, starts_at, ends_at)
        or (None if limit in ignoring else limit)
        or _busy_refusal(plan, starts_at, ends_at, ignoring)
    )


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
    limits = plan.limits
    first = max(since, limits.earliest, limits.now, limits.offered_from or limits.now)
    last = min(until, plan.limits.latest)
    at = window.starts_at
    if first > at:
        at += -((at - first) // plan.step) * plan.step
    while at < last and at + plan.length <= window.ends_at:
        if _busy_refusal(plan, at, at + plan.length) is None:
            yield at
        at += plan.step


def _window_refusal(plan: Plan, starts_at: dt.datetime, ends_at: dt.datetime) -> Reason | None:
    inside = [window for window in plan.windows if window.starts_at <= starts_at < window.ends_at]
    if not inside:
        before = any(window.ends_at <= starts_at for window in plan.windows)
        after = any(window.starts_at > starts_at for window in plan.windows)
        return Reason.BREAK if before and after else Reason.NOT_WORKING
    if plan.on_grid:
        inside = [window for window in inside if not (starts_at - window.starts_at) % plan.step]
        if not inside:
            return Reason.MISALIGNED
    return None if any(ends_at <= window.ends_at for window in inside) else Reason.TOO_LONG


def _busy_refusal(
    plan: Plan, starts_at: dt.datetime, ends_at: dt.datetime, ignoring: AbstractSet[Reason] = frozenset()
) -> Reason | None:
    rules = plan.restrictions
    if rules is None:
        return _claim_refusal(plan, starts_at, ends_at, ignoring)
    return (
        rules.early_refusal(starts_at, ignoring)
        or _claim_refusal(plan, starts_at - rules.before, ends_at + rules.after, ignoring)
        or rules.late_refusal(starts_at, ends_at, ignoring)
    )


def _claim_refusal(
    plan: Plan, starts_at: dt.datetime, ends_at: dt.datetime, ignoring: AbstractSet[Reason]
) -> Reason | None:
    met = plan.busy.meeting(starts_at, ends_at)
    if met is None:
        return None
    if not ignoring:
        return Reason.BLOCKED if met.kind is BusyKind.BLOCKED else Reason.TAKEN
    found = {
        Reason.BLOCKED if each.kind is BusyKind.BLOCKED else Reason.TAKEN
        for each in plan.busy.within(starts_at, ends_at)
    }
    return next(iter(sorted(found - ignoring)), None)
