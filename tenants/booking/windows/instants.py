"""From wall-clock rules to instants. Computes; reads no database and no clock.

Instants are derived from wall-clock times here and nowhere else. A rule means the instants at which the clinic's
clock shows a time in `[start, end)`: an hour that the clock skips gives nothing, an hour that it shows twice
gives twice, and a rule that begins or ends inside the repeated hour gives two separate windows. Lengths are
elapsed time. All instants are aware UTC datetimes, all intervals half-open.
"""

import datetime as dt
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

UTC: Final = dt.UTC
ONE_DAY: Final = dt.timedelta(days=1)
MIDNIGHT: Final = dt.time(0)


class Rule(NamedTuple):
    """Hours that recur on the clinic's wall clock; what the fields mean says `doctors.DoctorSchedule`.

    With `cycle_days` it is a cycle from `anchor` on, else every `every_weeks` weeks on `weekday` (0 Monday).
    """

    weekday: int
    start: dt.time
    end: dt.time
    valid_from: dt.date | None = None
    valid_until: dt.date | None = None
    every_weeks: int = 1
    anchor: dt.date | None = None
    cycle_days: int | None = None
    cycle_day: int | None = None

    def days(self, first: dt.date, last: dt.date) -> Iterator[dt.date]:
        """Give the local dates of `[first, last)` on which these hours begin, in order."""
        begin, step = first, self.cycle_days or 7 * self.every_weeks
        if self.valid_from is not None and self.valid_from > begin:
            begin = self.valid_from
        if self.cycle_days and self.anchor is not None:
            begin = max(begin, self.anchor)
            ahead = ((self.cycle_day or 0) - (begin - self.anchor).days) % step
        elif self.every_weeks > 1 and self.anchor is not None:
            origin = self.anchor - dt.timedelta(days=self.anchor.weekday() - self.weekday)
            ahead = (origin - begin).days % step
        else:
            ahead = (self.weekday - begin.weekday()) % 7
        end = last
        if self.valid_until is not None and self.valid_until < last:
            end = self.valid_until + ONE_DAY
        if (end - begin).days <= ahead:
            return
        day, stride = begin + dt.timedelta(days=ahead), dt.timedelta(days=step)
        while day < end:
            yield day
            day += stride


class Window(NamedTuple):
    """Time in which visits can be booked. Its beginning is the anchor of the grid of slots."""

    starts_at: dt.datetime
    ends_at: dt.datetime


def work_windows(rules: Iterable[Rule], *, zone: str, first: dt.date, last: dt.date) -> list[Window]:
    """Return the windows that reach into the local dates `[first, last)`, in order of their beginning.

    One that began on the evening before `first` is included whole, and so is one that ends after `last`.
    """
    begin, end = day_start(first, zone), day_start(last, zone)
    found = [
        window
        for rule in rules
        for day in rule.days(first - ONE_DAY, last)
        for window in wall_windows(rule.start, rule.end, day, zone)
        if window.ends_at > begin and window.starts_at < end
    ]
    found.sort()
    return found


def day_start(day: dt.date, zone: str) -> dt.datetime:
    """Return the first instant of a local date; where midnight is skipped, the moment of the change."""
    # fold=0 in a gap takes the offset from before it, which gives exactly the moment of the change.
    return dt.datetime.combine(day, MIDNIGHT, tzinfo=ZoneInfo(zone)).astimezone(UTC)


@lru_cache(maxsize=65536)
def wall_windows(start_time: dt.time, end_time: dt.time, day: dt.date, zone: str) -> tuple[Window, ...]:
    """Return when the clock of the zone shows a time in `[start_time, end_time)`, from this local date on.

    An end not after the start lies on the next date. Two windows where the repeated hour cuts them apart, none
    where the clock skips the whole of it.
    """
    start = dt.datetime.combine(day, start_time, tzinfo=UTC)
    end = dt.datetime.combine(day, end_time, tzinfo=UTC)
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
    return tuple(pieces)


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
