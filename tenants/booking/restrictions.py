"""Rules that bind some visits only: rooms and devices, buffers, limits of visits, release waves, breaks, ways.

Computes; reads no database and no clock. One implementation for what is shown, explained and booked. All instants
are aware UTC datetimes, all intervals half-open.
"""

import datetime as dt
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from tenants.booking.slots import Busy, BusyKind, BusyTimes, Reason, Window
from tenants.booking.special import Break, Cap, Wave
from tenants.booking.windows.instants import wall_windows

NO_TIME: Final = dt.timedelta()


class DatedWindow(NamedTuple):
    """Working time of the doctor in any clinic; `local_date` is that clinic's."""

    starts_at: dt.datetime
    ends_at: dt.datetime
    local_date: dt.date


@dataclass(frozen=True, slots=True)
class Room:
    """A room or device that can serve. With `windows` it can be used in them only, otherwise always."""

    resource_id: int
    busy: BusyTimes
    windows: Sequence[Window] | None = None

    def is_free(self, starts_at: dt.datetime, ends_at: dt.datetime) -> bool:
        return self.busy.meeting(starts_at, ends_at) is None and (
            self.windows is None or _cover(self.windows, starts_at, ends_at)
        )


@dataclass(frozen=True, slots=True)
class Need:
    """One of these rooms is needed, the most fitting first, from `setup` before the visit to `cleanup` after it."""

    requirement_id: int
    setup: dt.timedelta
    cleanup: dt.timedelta
    rooms: tuple[Room, ...]

    def span(self, starts_at: dt.datetime, ends_at: dt.datetime) -> tuple[dt.datetime, dt.datetime]:
        return starts_at - self.setup, ends_at + self.cleanup


class Chosen(NamedTuple):
    """A room that was chosen, with the time in which it is needed; `is_free` is False when it was taken anyway."""

    resource_id: int
    starts_at: dt.datetime
    ends_at: dt.datetime
    is_free: bool


@dataclass(frozen=True, slots=True)
class CountedCap:
    """A limit with the visits there are, by local date or, for a week's limit, by its Monday."""

    cap: Cap
    counts: Mapping[dt.date, int]

    def is_reached(self, day: dt.date) -> bool:
        return self.counts.get(self.cap.period_of(day), 0) >= self.cap.most


@dataclass(frozen=True)
class Restrictions:
    """What `slots.examine` and `slots.free_starts` ask besides windows, limits and the doctor's claims.

    `zone` is the clinic's, `today` its local date; `waves` are in force for this asker, by days ahead.
    `busy` holds the doctor's claims for whole local days, `ways` the time it takes to come from other clinics.
    """

    zone: str
    today: dt.date
    length: dt.timedelta
    before: dt.timedelta = NO_TIME
    after: dt.timedelta = NO_TIME
    busy: BusyTimes = field(default_factory=BusyTimes)
    ways: BusyTimes = field(default_factory=BusyTimes)
    windows: Sequence[DatedWindow] = ()
    waves: Sequence[Wave] = ()
    caps: Sequence[CountedCap] = ()
    needs: Sequence[Need] = ()
    breaks: Sequence[Break] = ()

    def early_refusal(self, starts_at: dt.datetime, ignoring: AbstractSet[Reason]) -> Reason | None:
        if self.waves and Reason.NOT_RELEASED not in ignoring and self.closed_wave(starts_at) is not None:
            return Reason.NOT_RELEASED
        if self.caps and Reason.CAP_REACHED not in ignoring and self.reached_cap(starts_at) is not None:
            return Reason.CAP_REACHED
        return None

    def late_refusal(
        self, starts_at: dt.datetime, ends_at: dt.datetime, ignoring: AbstractSet[Reason]
    ) -> Reason | None:
        begin, end = starts_at - self.before, ends_at + self.after
        if Reason.ON_THE_WAY not in ignoring and self.ways.meeting(begin, end) is not None:
            return Reason.ON_THE_WAY
        if (
            self.needs
            and Reason.NO_ROOM not in ignoring
            and choose_rooms(self.needs, starts_at, ends_at) is None
        ):
            return Reason.NO_ROOM
        if (
            self.breaks
            and Reason.NO_TIME_FOR_BREAK not in ignoring
            and self.lost_break(starts_at, ends_at) is not None
        ):
            return Reason.NO_TIME_FOR_BREAK
        return None

    def closed_wave(self, starts_at: dt.datetime) -> Wave | None:
        """Return the release wave that keeps the rest of the working day closed for now."""
        window = self._window_at(starts_at)
        if window is None:
            return None
        ahead = (window.local_date - self.today).days
        wave = max(
            (wave for wave in self.waves if wave.days_ahead <= ahead),
            key=lambda each: each.days_ahead,
            default=None,
        )
        if wave is None:
            return None
        work, taken = self._load.get(window.local_date, (NO_TIME, NO_TIME))
        wanted = taken + self.length + self.before + self.after
        return wave if wanted * 100 > work * wave.percent else None

    def reached_cap(self, starts_at: dt.datetime) -> Cap | None:
        """Return the first limit that is reached on the local date (in its week) of this instant."""
        day = starts_at.astimezone(ZoneInfo(self.zone)).date()
        return next((counted.cap for counted in self.caps if counted.is_reached(day)), None)

    def lost_break(self, starts_at: dt.datetime, ends_at: dt.datetime) -> Break | None:
        """Return the first break for which this visit leaves no room."""
        begin, end = starts_at - self.before, ends_at + self.after
        tzinfo = ZoneInfo(self.zone)
        days = {begin.astimezone(tzinfo).date(), end.astimezone(tzinfo).date()}
        for each in self.breaks:
            for day in sorted(days):
                pieces = wall_windows(each.earliest, each.latest, day, self.zone)
                touched = any(piece.starts_at < end and begin < piece.ends_at for piece in pieces)
                if touched and not any(self._has_room(piece, each.length, begin, end) for piece in pieces):
                    return each
        return None

    def missing_need(self, starts_at: dt.datetime, ends_at: dt.datetime) -> Need | None:
        """Return the first need for which no room is left, once those before it have theirs."""
        for count in range(1, len(self.needs) + 1):
            if choose_rooms(self.needs[:count], starts_at, ends_at) is None:
                return self.needs[count - 1]
        return None

    def _has_room(self, piece: Window, length: dt.timedelta, begin: dt.datetime, end: dt.datetime) -> bool:
        reached = piece.starts_at
        visit = Busy(begin, end, BusyKind.TAKEN)
        for busy in sorted([*self.busy.within(piece.starts_at, piece.ends_at), visit]):
            if min(busy.starts_at, piece.ends_at) - reached >= length:
                return True
            reached = max(reached, busy.ends_at)
        return piece.ends_at - reached >= length

    def _window_at(self, starts_at: dt.datetime) -> DatedWindow | None:
        index = bisect_right(self.windows, starts_at, key=lambda window: window.starts_at) - 1
        if index < 0 or self.windows[index].ends_at <= starts_at:
            return None
        return self.windows[index]

    @cached_property
    def _load(self) -> dict[dt.date, tuple[dt.timedelta, dt.timedelta]]:
        """By local date, the doctor's working time that is not blocked, and how much of it is taken."""
        found: dict[dt.date, tuple[dt.timedelta, dt.timedelta]] = {}
        for window in self.windows:
            work, taken = found.get(window.local_date, (NO_TIME, NO_TIME))
            work += window.ends_at - window.starts_at
            for busy in self.busy.within(window.starts_at, window.ends_at):
                met = min(busy.ends_at, window.ends_at) - max(busy.starts_at, window.starts_at)
                if busy.kind is BusyKind.BLOCKED:
                    work -= met
                else:
                    taken += met
            found[window.local_date] = (work, taken)
        return found


def choose_rooms(
    needs: Sequence[Need], starts_at: dt.datetime, ends_at: dt.datetime, *, anyhow: bool = False
) -> list[Chosen] | None:
    """Return a room for each need, no room twice: the most fitting ones that are free; None when they do not suffice.

    With `anyhow` a need whose rooms are all taken gets its most fitting one on top of what is there; None only when
    a need has fewer rooms than it takes.
    """
    chosen: list[Chosen] = []

    def place(index: int, *, on_top: bool) -> bool:
        if index == len(needs):
            return True
        need = needs[index]
        begin, end = need.span(starts_at, ends_at)
        given = {each.resource_id for each in chosen}
        for want_free in (True, False) if on_top else (True,):
            for room in need.rooms:
                if room.resource_id in given or room.is_free(begin, end) is not want_free:
                    continue
                chosen.append(Chosen(room.resource_id, begin, end, want_free))
                if place(index + 1, on_top=on_top):
                    return True
                chosen.pop()
        return False

    if place(0, on_top=False) or (anyhow and place(0, on_top=True)):
        return chosen
    return None


def way_times(
    claims: Iterable[tuple[dt.datetime, dt.datetime, int | None]], *, ways: Mapping[int, int]
) -> BusyTimes:
    """Return when the doctor is on the way from or to visits in other clinics: `ways` says minutes by clinic."""
    found: list[Busy] = []
    for starts_at, ends_at, clinic_id in claims:
        way = dt.timedelta(minutes=ways.get(clinic_id or 0, 0))
        if way:
            found.append(Busy(starts_at - way, ends_at + way, BusyKind.TAKEN))
    return BusyTimes(found)


def _cover(windows: Sequence[Window], starts_at: dt.datetime, ends_at: dt.datetime) -> bool:
    """Whether windows, which may touch, hold the whole of an interval."""
    reached = starts_at
    for window in windows:
        if window.starts_at <= reached < window.ends_at:
            reached = window.ends_at
            if reached >= ends_at:
                return True
    return False
