"""Every change of the clocks from 2024 to 2030 in twelve zones: windows keep to the wall clock and to real time."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenants.booking.windows.expansion import ClinicDays, Departure, Kind, Scope, expand_doctor
from tenants.booking.windows.instants import ONE_DAY, UTC, Rule, day_start, wall_windows, work_windows

pytestmark = pytest.mark.unit

ZONES: Final = (
    "Europe/Berlin",
    "Europe/London",
    "Europe/Chisinau",
    "America/New_York",
    "America/Santiago",
    "America/Havana",
    "Africa/Casablanca",
    "Africa/Cairo",
    "Asia/Almaty",
    "Asia/Jerusalem",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
)
_STEP: Final = dt.timedelta(minutes=5)
_SLACK: Final = dt.timedelta(hours=3)


@lru_cache
def changes(zone: str) -> list[dt.datetime]:
    """The instants of every change of the UTC offset, to the quarter of an hour."""
    tzinfo, found = ZoneInfo(zone), []
    at, end = dt.datetime(2024, 1, 1, tzinfo=UTC), dt.datetime(2031, 1, 1, tzinfo=UTC)
    while at < end:
        following = at + dt.timedelta(minutes=15)
        if at.astimezone(tzinfo).utcoffset() != following.astimezone(tzinfo).utcoffset():
            found.append(following)
        at = following
    return found


def ticks(start: dt.datetime, end: dt.datetime) -> list[dt.datetime]:
    return [start + n * _STEP for n in range(int((end - start) / _STEP))]


def test_every_zone_changes_its_clocks() -> None:
    assert {zone: len(changes(zone)) >= 1 for zone in ZONES} == dict.fromkeys(ZONES, True)
    assert len(changes("Europe/Berlin")) == 14


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize(
    "hours", [("00:00", "03:30"), ("01:30", "02:30"), ("22:00", "06:00"), ("09:00", "08:55")]
)
def test_window_is_open_exactly_when_the_clock_shows_its_times(zone: str, hours: tuple[str, str]) -> None:
    start, end = (dt.time.fromisoformat(text) for text in hours)
    tzinfo = ZoneInfo(zone)
    for change in changes(zone):
        for shift in (-1, 0):
            day = change.astimezone(tzinfo).date() + shift * ONE_DAY
            windows = wall_windows(start, end, day, zone)
            last_day = day if start < end else day + ONE_DAY
            opened = {tick for window in windows for tick in ticks(window.starts_at, window.ends_at)}
            around = ticks(day_start(day, zone) - _SLACK, day_start(last_day + ONE_DAY, zone) + _SLACK)
            begin, over = dt.datetime.combine(day, start), dt.datetime.combine(last_day, end)
            expected = {
                tick for tick in around if begin <= tick.astimezone(tzinfo).replace(tzinfo=None) < over
            }
            assert opened == expected
            real = sum((window.ends_at - window.starts_at for window in windows), dt.timedelta())
            assert real == len(expected) * _STEP


@pytest.mark.parametrize("zone", ZONES)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_expanded_weeks_never_overlap_and_keep_to_the_rules_clock(zone: str, data: st.DataObject) -> None:
    change = data.draw(st.sampled_from(changes(zone)))
    day = change.astimezone(ZoneInfo(zone)).date()
    quarter = st.integers(0, 95).map(lambda n: dt.time(n // 4, n % 4 * 15))
    pairs = st.tuples(quarter, quarter).filter(lambda pair: pair[0] != pair[1])
    rules = {
        clinic: [
            Rule(weekday, start, end)
            for weekday, (start, end) in data.draw(st.lists(st.tuples(st.integers(0, 6), pairs), max_size=4))
        ]
        for clinic in (1, 2)
    }
    departures = [
        Departure(
            id=number,
            scope=data.draw(st.sampled_from([Scope.NETWORK, Scope.CLINIC, Scope.DOCTOR])),
            clinic_id=1,
            kind=kind,
            start_date=day + shift * ONE_DAY,
            end_date=day + shift * ONE_DAY,
            start_time=pair[0],
            end_time=pair[1],
        )
        for number, (kind, shift, pair) in enumerate(
            data.draw(st.lists(st.tuples(st.sampled_from(Kind), st.integers(-2, 2), pairs), max_size=3))
        )
    ]
    way = dt.timedelta(minutes=data.draw(st.integers(0, 90)))

    found = expand_doctor(
        rules=rules,
        clinics=[ClinicDays(id=1, zone=zone), ClinicDays(id=2, zone="Europe/Moscow")],
        departures=departures,
        travel={frozenset((1, 2)): way},
        first=day - 3 * ONE_DAY,
        last=day + 4 * ONE_DAY,
    )

    assert found == sorted(found)
    for window in found:
        assert window.starts_at < window.ends_at
        assert window.starts_at.tzinfo is UTC
        in_zone = ZoneInfo(zone if window.clinic_id == 1 else "Europe/Moscow")
        times = {(rule.start, rule.end) for rule in rules[window.clinic_id]}
        times |= {
            (each.start_time, each.end_time) for each in departures if each.start_time and each.end_time
        }
        for tick in ticks(window.starts_at, window.ends_at):
            shown = tick.astimezone(in_zone).time().replace(second=0, microsecond=0)
            assert any(
                begin <= shown < end if begin < end else shown >= begin or shown < end for begin, end in times
            )
    for earlier, later in pairwise(found):
        gap = way if earlier.clinic_id != later.clinic_id else dt.timedelta()
        assert earlier.ends_at + gap <= later.starts_at


@pytest.mark.parametrize("zone", ZONES)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_expansion_agrees_with_plain_rules_where_nothing_else_is_said(zone: str, data: st.DataObject) -> None:
    change = data.draw(st.sampled_from(changes(zone)))
    first = change.astimezone(ZoneInfo(zone)).date() - 2 * ONE_DAY
    hour = data.draw(st.integers(0, 22))
    rules = [Rule(weekday, dt.time(hour), dt.time(hour + 1)) for weekday in range(7)]

    expanded = expand_doctor(
        rules={1: rules},
        clinics=[ClinicDays(id=1, zone=zone)],
        departures=[],
        travel={},
        first=first,
        last=first + 5 * ONE_DAY,
    )

    plain = work_windows(rules, zone=zone, first=first, last=first + 5 * ONE_DAY)
    assert [(window.starts_at, window.ends_at) for window in expanded] == [tuple(window) for window in plain]
