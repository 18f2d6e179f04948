"""The special rules without a database: what is free is what is not refused, on the days clocks change as well."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenants.booking.restrictions import (
    CountedCap,
    DatedWindow,
    Need,
    Restrictions,
    Room,
    choose_rooms,
    way_times,
)
from tenants.booking.slots import (
    ONE_DAY,
    UTC,
    Busy,
    BusyKind,
    BusyTimes,
    Limits,
    Plan,
    Reason,
    Rule,
    Window,
    day_start,
    examine,
    first_free,
    free_starts,
    work_windows,
)
from tenants.booking.special import Break, Cap, Wave

pytestmark = pytest.mark.unit

ZONES = [
    "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Almaty", "Pacific/Auckland",
    "America/Sao_Paulo", "Africa/Cairo", "Asia/Tehran", "Europe/London", "America/St_Johns",
    "Africa/Casablanca", "Europe/Moscow",
]  # fmt: skip
SPRING = dt.date(2027, 3, 26)


def minutes(count: int) -> dt.timedelta:
    return dt.timedelta(minutes=count)


def busy_times(begin: dt.datetime, pieces: list[tuple[int, int, bool]]) -> BusyTimes:
    return BusyTimes(
        Busy(
            begin + minutes(5 * start),
            begin + minutes(5 * (start + length)),
            BusyKind.BLOCKED if blocked else BusyKind.TAKEN,
        )
        for start, length, blocked in pieces
    )


pieces = st.lists(st.tuples(st.integers(0, 570), st.integers(1, 30), st.booleans()), max_size=8)


@settings(deadline=None, max_examples=60)
@given(
    zone=st.sampled_from(ZONES),
    day=st.dates(dt.date(2024, 1, 1), dt.date(2030, 12, 31)) | st.just(SPRING),
    length=st.sampled_from([15, 30, 45]),
    buffers=st.tuples(st.sampled_from([0, 5, 10]), st.sampled_from([0, 10])),
    own=pieces,
    rooms=st.lists(pieces, min_size=1, max_size=3),
    percent=st.sampled_from([20, 60, 100]),
    most=st.integers(0, 2),
    counted=st.integers(0, 1),
    staff=st.booleans(),
)
def test_free_is_what_nothing_refuses(
    *,
    zone: str,
    day: dt.date,
    length: int,
    buffers: tuple[int, int],
    own: list[tuple[int, int, bool]],
    rooms: list[list[tuple[int, int, bool]]],
    percent: int,
    most: int,
    counted: int,
    staff: bool,
) -> None:
    begin, end = day_start(day, zone), day_start(day + 2 * ONE_DAY, zone)
    rules = [Rule(n, dt.time(1), dt.time(5)) for n in range(7)]
    rules += [Rule(n, dt.time(22), dt.time(0, 30)) for n in range(7)]
    windows = work_windows(rules, zone=zone, first=day, last=day + 2 * ONE_DAY)
    busy = busy_times(begin, own)
    cap = Cap(1, None, None, None, "", "day", most)
    restrictions = Restrictions(
        zone=zone,
        today=day,
        length=minutes(length),
        before=minutes(buffers[0]),
        after=minutes(buffers[1]),
        busy=busy,
        windows=[DatedWindow(*window, day) for window in windows],
        waves=[] if staff else [Wave(1, 0, percent)],
        caps=[CountedCap(cap, {day: counted})] if most else [],
        needs=[
            Need(
                1,
                minutes(5),
                minutes(10),
                tuple(Room(n, busy_times(begin, each)) for n, each in enumerate(rooms)),
            )
        ],
        breaks=[Break(1, minutes(30), dt.time(2), dt.time(4))],
    )
    plan = Plan(
        windows=windows,
        busy=busy,
        limits=Limits(now=begin, earliest=begin + minutes(37), latest=end - minutes(61)),
        length=minutes(length),
        step=minutes(15),
        restrictions=restrictions,
    )
    found = free_starts(plan, since=begin, until=end)
    grid = sorted(
        {
            window.starts_at + n * minutes(15)
            for window in windows
            for n in range(-2, int((window.ends_at - window.starts_at) / minutes(15)) + 2)
        }
    )
    assert found == [at for at in grid if begin <= at < end and examine(plan, at) is None]
    assert first_free(plan, since=begin, until=end) == (found[0] if found else None)
    for at in found:
        chosen = choose_rooms(restrictions.needs, at, at + plan.length)
        assert chosen is not None
        assert all(each.is_free for each in chosen)
        assert busy.meeting(at - restrictions.before, at + plan.length + restrictions.after) is None


NINE = dt.datetime(2027, 1, 12, 6, 0, tzinfo=UTC)


def room(number: int, *taken: int) -> Room:
    return Room(
        number,
        BusyTimes(Busy(NINE + minutes(at), NINE + minutes(at + 30), BusyKind.TAKEN) for at in taken),
    )


def need(*rooms: Room) -> Need:
    return Need(1, minutes(0), minutes(0), rooms)


def chosen(*needs: Need, anyhow: bool = False) -> list[int] | None:
    found = choose_rooms(needs, NINE, NINE + minutes(30), anyhow=anyhow)
    return None if found is None else [each.resource_id for each in found]


def test_rooms_are_shared_out_so_that_every_need_is_met() -> None:
    one, two, three = room(1), room(2), room(3, 0)
    assert chosen(need(one, two), need(one)) == [2, 1]
    assert chosen(need(one), need(one)) is None
    assert chosen(need(three, one)) == [1]
    assert chosen(need(three)) is None
    assert chosen(need(three), anyhow=True) == [3]
    assert chosen(need(three), need(three), anyhow=True) is None
    assert chosen(need()) is None


def test_room_open_in_touching_windows() -> None:
    open_at = [Window(NINE - ONE_DAY, NINE + minutes(10)), Window(NINE + minutes(10), NINE + minutes(30))]
    free = Room(1, BusyTimes(), open_at)
    assert free.is_free(NINE, NINE + minutes(30))
    assert not free.is_free(NINE, NINE + minutes(31))
    assert not Room(1, BusyTimes(), []).is_free(NINE, NINE + minutes(1))


def test_way_is_on_both_sides_and_none_where_none_is_known() -> None:
    ways = way_times(
        [(NINE, NINE + minutes(30), 7), (NINE + minutes(300), NINE + minutes(330), None)], ways={7: 20}
    )
    assert ways.meeting(NINE - minutes(20), NINE - minutes(19)) is not None
    assert ways.meeting(NINE + minutes(49), NINE + minutes(50)) is not None
    assert ways.meeting(NINE + minutes(50), NINE + minutes(330)) is None


def test_rules_broken_on_purpose_do_not_hide_others() -> None:
    busy = BusyTimes(
        [
            Busy(NINE, NINE + minutes(15), BusyKind.TAKEN),
            Busy(NINE + minutes(15), NINE + minutes(30), BusyKind.BLOCKED),
        ]
    )
    plan = Plan(
        windows=[Window(NINE, NINE + minutes(240))],
        busy=busy,
        limits=Limits(now=NINE, earliest=NINE, latest=NINE + ONE_DAY),
        length=minutes(30),
        step=minutes(30),
    )
    assert examine(plan, NINE, ignoring={Reason.TAKEN}) is Reason.BLOCKED
    assert examine(plan, NINE, ignoring={Reason.TAKEN, Reason.BLOCKED}) is None
