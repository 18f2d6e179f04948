"""The engine without a database: windows, steps, limits, and the days on which clocks change."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

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
    limits_for,
    slot_label,
    work_windows,
)

pytestmark = pytest.mark.unit

SOON = dt.datetime(2010, 1, 1, tzinfo=UTC)
ALWAYS = Limits(now=SOON, earliest=SOON, latest=dt.datetime(2100, 1, 1, tzinfo=UTC))


def at(text: str) -> dt.time:
    return dt.time.fromisoformat(text)


def plan(
    rules: list[Rule],
    zone: str,
    day: dt.date,
    *,
    minutes: int = 30,
    step: int = 0,
    busy: BusyTimes | None = None,
    limits: Limits = ALWAYS,
    days: int = 1,
) -> Plan:
    return Plan(
        windows=work_windows(rules, zone=zone, first=day, last=day + days * ONE_DAY),
        busy=busy or BusyTimes(),
        limits=limits,
        length=dt.timedelta(minutes=minutes),
        step=dt.timedelta(minutes=step or minutes),
    )


def labels(rules: list[Rule], zone: str, day: dt.date, *, minutes: int = 30) -> list[str]:
    starts = free_starts(
        plan(rules, zone, day, minutes=minutes),
        since=day_start(day, zone),
        until=day_start(day + ONE_DAY, zone),
    )
    return [slot_label(start, zone) for start in starts]


def every_day(start: str, end: str) -> list[Rule]:
    return [Rule(day, at(start), at(end)) for day in range(7)]


@pytest.mark.parametrize(
    ("zone", "day", "window", "expected"),
    [
        ("Europe/Berlin", dt.date(2027, 3, 28), ("01:00", "04:00"), ["1:00", "1:30", "3:00", "3:30"]),
        (
            "Europe/Berlin",
            dt.date(2027, 10, 31),
            ("01:30", "03:30"),
            ["1:30", "2:00 (UTC+2)", "2:30 (UTC+2)", "2:00 (UTC+1)", "2:30 (UTC+1)", "3:00"],
        ),
        ("America/New_York", dt.date(2027, 3, 14), ("01:30", "03:30"), ["1:30", "3:00"]),
        (
            "America/New_York",
            dt.date(2027, 11, 7),
            ("01:00", "02:30"),
            ["1:00 (UTC−4)", "1:30 (UTC−4)", "1:00 (UTC−5)", "1:30 (UTC−5)", "2:00"],
        ),
        ("Asia/Kathmandu", dt.date(2027, 3, 28), ("01:00", "03:00"), ["1:00", "1:30", "2:00", "2:30"]),
        ("Europe/Moscow", dt.date(2027, 3, 28), ("01:00", "03:00"), ["1:00", "1:30", "2:00", "2:30"]),
        ("Europe/Moscow", dt.date(2014, 10, 26), ("01:30", "02:00"), ["1:30 (UTC+4)", "1:30 (UTC+3)"]),
        ("Pacific/Apia", dt.date(2011, 12, 30), ("09:00", "17:00"), []),
        ("Pacific/Apia", dt.date(2011, 12, 31), ("09:00", "10:00"), ["9:00", "9:30"]),
        (
            "Australia/Lord_Howe",
            dt.date(2027, 4, 4),
            ("01:00", "02:30"),
            ["1:00", "1:30 (UTC+11)", "1:30 (UTC+10:30)", "2:00"],
        ),
    ],
)
def test_clock_changes(zone: str, day: dt.date, window: tuple[str, str], expected: list[str]) -> None:
    assert labels(every_day(*window), zone, day) == expected


def test_repeated_hour_gives_two_distinct_instants() -> None:
    zone, day = "Europe/Berlin", dt.date(2027, 10, 31)
    starts = free_starts(
        plan(every_day("02:00", "03:00"), zone, day, minutes=60),
        since=day_start(day, zone),
        until=day_start(day + ONE_DAY, zone),
    )
    assert starts == [dt.datetime(2027, 10, 31, hour, tzinfo=UTC) for hour in (0, 1)]


def test_missing_hour_gives_nothing() -> None:
    assert labels(every_day("02:00", "03:00"), "Europe/Berlin", dt.date(2027, 3, 28)) == []


@pytest.mark.parametrize(
    ("day", "hours"), [(dt.date(2027, 3, 27), 7), (dt.date(2027, 10, 30), 9), (dt.date(2027, 6, 5), 8)]
)
def test_night_shift_lasts_as_long_as_it_does(day: dt.date, hours: int) -> None:
    rules = [Rule(day.weekday(), at("22:00"), at("06:00"))]
    (window,) = work_windows(rules, zone="Europe/Berlin", first=day, last=day + ONE_DAY)
    assert window.ends_at - window.starts_at == dt.timedelta(hours=hours)


def test_window_past_midnight_serves_both_days() -> None:
    day = dt.date(2027, 1, 11)
    rules = [Rule(0, at("23:00"), at("01:00"))]
    assert labels(rules, "Europe/Moscow", day) == ["23:00", "23:30"]
    assert labels(rules, "Europe/Moscow", day + ONE_DAY) == ["0:00", "0:30"]
    assert labels(rules, "Europe/Moscow", day + 2 * ONE_DAY) == []


def test_wall_clock_stays_when_the_offset_changes() -> None:
    rules = every_day("09:00", "10:00")
    for day in (dt.date(2026, 10, 24), dt.date(2026, 10, 25), dt.date(2026, 10, 26)):
        assert labels(rules, "Europe/Berlin", day) == ["9:00", "9:30"]


def test_validity_dates_are_included() -> None:
    day = dt.date(2027, 1, 11)
    rules = [Rule(0, at("09:00"), at("10:00"), valid_from=day, valid_until=day)]
    assert labels(rules, "Europe/Moscow", day) == ["9:00", "9:30"]
    assert labels(rules, "Europe/Moscow", day - 7 * ONE_DAY) == []
    assert labels(rules, "Europe/Moscow", day + 7 * ONE_DAY) == []


def test_grid_is_anchored_at_the_window_not_at_the_gap() -> None:
    day = dt.date(2027, 1, 11)
    start = dt.datetime(2027, 1, 11, 6, 0, tzinfo=UTC)
    busy = BusyTimes([Busy(start, start + dt.timedelta(minutes=10), BusyKind.TAKEN)])
    found = plan(every_day("09:00", "10:40"), "Europe/Moscow", day, minutes=30, busy=busy)
    starts = free_starts(found, since=SOON, until=ALWAYS.latest)
    assert [slot_label(each, "Europe/Moscow") for each in starts[:2]] == ["9:30", "10:00"]


def test_overlapping_windows_give_each_instant_once() -> None:
    rules = [Rule(0, at("09:00"), at("11:00")), Rule(0, at("10:00"), at("12:00"))]
    assert labels(rules, "Europe/Moscow", dt.date(2027, 1, 11), minutes=60) == ["9:00", "10:00", "11:00"]


def test_horizon_ends_with_a_local_day() -> None:
    now = dt.datetime(2027, 1, 10, 22, 30, tzinfo=UTC)  # the 11th already in Moscow
    limits = limits_for(now=now, zone="Europe/Moscow", notice_minutes=60, horizon_days=1)
    assert limits.latest == dt.datetime(2027, 1, 12, 21, 0, tzinfo=UTC)
    assert limits.refusal(limits.latest) is Reason.BEYOND_HORIZON
    assert limits.refusal(limits.latest - dt.timedelta(seconds=1)) is None
    assert limits.refusal(now + dt.timedelta(minutes=59)) is Reason.TOO_LATE
    assert limits.refusal(now + dt.timedelta(minutes=60)) is None
    assert limits.refusal(now - dt.timedelta(seconds=1)) is Reason.IN_PAST


def test_reasons() -> None:
    day = dt.date(2027, 1, 11)
    nine = dt.datetime(2027, 1, 11, 6, 0, tzinfo=UTC)
    busy = BusyTimes(
        [
            Busy(nine, nine + dt.timedelta(minutes=30), BusyKind.TAKEN),
            Busy(nine + dt.timedelta(hours=1), nine + dt.timedelta(hours=2), BusyKind.BLOCKED),
        ]
    )
    rules = [Rule(0, at("09:00"), at("13:00")), Rule(0, at("14:00"), at("17:00"))]
    found = plan(rules, "Europe/Moscow", day, busy=busy)
    for minutes, reason in (
        (0, Reason.TAKEN),
        (15, Reason.MISALIGNED),
        (30, None),
        (60, Reason.BLOCKED),
        (240, Reason.BREAK),
        (-30, Reason.NOT_WORKING),
        (480, Reason.NOT_WORKING),
    ):
        assert examine(found, nine + dt.timedelta(minutes=minutes)) is reason, minutes


def test_overbooked_times_still_count() -> None:
    nine = dt.datetime(2027, 1, 11, 6, 0, tzinfo=UTC)
    hour = dt.timedelta(hours=1)
    busy = BusyTimes(
        [Busy(nine, nine + 4 * hour, BusyKind.TAKEN), Busy(nine + hour, nine + 2 * hour, BusyKind.TAKEN)]
    )
    assert busy.meeting(nine + 3 * hour, nine + 4 * hour) is not None
    assert busy.meeting(nine + 4 * hour, nine + 5 * hour) is None
    assert busy.meeting(nine - hour, nine) is None


ZONES = [
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kathmandu",
    "Pacific/Apia",
    "Europe/Moscow",
    "Australia/Lord_Howe",
]
TRANSITIONS = [
    dt.date(2027, 3, 28),
    dt.date(2027, 10, 31),
    dt.date(2027, 3, 14),
    dt.date(2027, 11, 7),
    dt.date(2011, 12, 30),
]
minutes_of_day = st.integers(0, 95).map(lambda quarter: dt.time(quarter // 4, quarter % 4 * 15))
rules_strategy = st.lists(
    st.tuples(st.integers(0, 6), minutes_of_day, minutes_of_day)
    .filter(lambda rule: rule[1] != rule[2])
    .map(lambda rule: Rule(*rule)),
    max_size=8,
)


@settings(max_examples=150, deadline=None)
@given(
    zone=st.sampled_from(ZONES),
    day=st.sampled_from(TRANSITIONS).flatmap(lambda day: st.integers(-2, 2).map(lambda n: day + n * ONE_DAY)),
    rules=rules_strategy,
    length=st.sampled_from([5, 15, 30, 45, 60, 90]),
    step=st.sampled_from([0, 10, 15, 30]),
    busy_minutes=st.lists(st.tuples(st.integers(-600, 3000), st.integers(5, 300)), max_size=5),
)
def test_free_slots_keep_every_promise(
    *, zone: str, day: dt.date, rules: list[Rule], length: int, step: int, busy_minutes: list[tuple[int, int]]
) -> None:
    begin, end = day_start(day, zone), day_start(day + ONE_DAY, zone)
    busy = [
        Busy(
            begin + dt.timedelta(minutes=offset), begin + dt.timedelta(minutes=offset + size), BusyKind.TAKEN
        )
        for offset, size in busy_minutes
    ]
    found = plan(rules, zone, day, minutes=length, step=step, busy=BusyTimes(busy))
    starts = free_starts(found, since=begin, until=end)
    assert starts == sorted(set(starts))
    assert first_free(found, since=begin, until=end) == (starts[0] if starts else None)
    for start in starts:
        stop = start + found.length
        assert start.astimezone(ZoneInfo(zone)).date() == day
        assert any(window.starts_at <= start and stop <= window.ends_at for window in found.windows)
        assert all(stop <= each.starts_at or each.ends_at <= start for each in busy)
        assert examine(found, start) is None
    shown = set(starts)
    probe = begin
    while probe < end:
        assert (examine(found, probe) is None) == (probe in shown)
        probe += dt.timedelta(minutes=5)


@settings(max_examples=100, deadline=None)
@given(
    zone=st.sampled_from(ZONES),
    day=st.sampled_from(TRANSITIONS).flatmap(lambda day: st.integers(-1, 1).map(lambda n: day + n * ONE_DAY)),
    start=minutes_of_day,
    end=minutes_of_day,
)
def test_windows_are_the_instants_at_which_the_clock_shows_the_rule(
    zone: str, day: dt.date, start: dt.time, end: dt.time
) -> None:
    """The oracle: look at the clock every quarter of an hour around the day."""
    assume(start != end)
    assume(day_start(day, zone) < day_start(day + ONE_DAY, zone))  # Samoa had no 30 December 2011 to work on
    rule = Rule(day.weekday(), start, end)
    windows = work_windows([rule], zone=zone, first=day, last=day + ONE_DAY)
    naive_start = dt.datetime.combine(day, start)
    naive_end = dt.datetime.combine(day if end > start else day + ONE_DAY, end)
    begin = dt.datetime.combine(day, dt.time(0), tzinfo=UTC) - ONE_DAY
    for quarter in range(4 * 24 * 4):
        instant = begin + dt.timedelta(minutes=15 * quarter)
        reading = instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
        inside = any(window.starts_at <= instant < window.ends_at for window in windows)
        assert inside == (naive_start <= reading < naive_end), instant


def test_windows_of_a_long_range_are_in_order() -> None:
    windows = work_windows(
        every_day("09:00", "13:00") + every_day("14:00", "18:00"),
        zone="Europe/Berlin",
        first=dt.date(2027, 3, 1),
        last=dt.date(2027, 4, 1),
    )
    assert len(windows) == 62
    assert windows == sorted(windows)
    assert all(isinstance(window, Window) for window in windows)
