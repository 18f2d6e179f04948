"""From hours, holidays and exceptions to windows, without a database."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from tenants.booking.windows.expansion import (
    ClinicDays,
    DayWindow,
    Departure,
    Kind,
    Repeat,
    Scope,
    expand_doctor,
    expand_room,
)
from tenants.booking.windows.instants import Rule

pytestmark = pytest.mark.unit

D = dt.date
MOSCOW = ClinicDays(id=1, zone="Europe/Moscow")
OTHER = ClinicDays(id=2, zone="Europe/Moscow")
MONDAY = D(2027, 1, 11)


def at(text: str) -> dt.time:
    return dt.time.fromisoformat(text)


def every_day(start: str = "09:00", end: str = "17:00", **fields: Any) -> list[Rule]:
    return [Rule(day, at(start), at(end), **fields) for day in range(7)]


def departure(kind: Kind, day: D = MONDAY, **fields: Any) -> Departure:
    hours = fields.pop("hours", None)
    times = {"start_time": at(hours[0]), "end_time": at(hours[1])} if hours else {}
    values = {"id": 1, "scope": Scope.DOCTOR, "start_date": day, "end_date": day, **times, **fields}
    return Departure(kind=kind, **values)


def shown(
    rules: list[Rule] | dict[int, list[Rule]],
    *departures: Departure,
    clinics: tuple[ClinicDays, ...] = (MOSCOW,),
    first: D = MONDAY,
    days: int = 1,
    travel: dict[frozenset[int], dt.timedelta] | None = None,
) -> list[str]:
    found = expand_doctor(
        rules=rules if isinstance(rules, dict) else {1: rules},
        clinics=clinics,
        departures=departures,
        travel=travel or {},
        first=first,
        last=first + dt.timedelta(days=days),
    )
    return [words(window) for window in found]


def words(window: DayWindow) -> str:
    starts, ends = (moment + dt.timedelta(hours=3) for moment in window[:2])
    return f"{window.clinic_id}: {window.local_date:%d} {starts:%H:%M}-{ends:%H:%M}"


def dates(rule: Rule, first: D, days: int) -> list[str]:
    return [f"{day:%m-%d}" for day in rule.days(first, first + dt.timedelta(days=days))]


def test_every_second_week_counts_from_the_anchors_week_in_both_directions() -> None:
    rule = Rule(2, at("09:00"), at("13:00"), every_weeks=2, anchor=D(2027, 1, 15))

    assert dates(rule, D(2026, 12, 28), 35) == ["12-30", "01-13", "01-27"]


def test_cycle_of_two_on_two_off_begins_on_its_anchor() -> None:
    rules = [
        Rule(0, at("09:00"), at("13:00"), anchor=D(2027, 1, 12), cycle_days=4, cycle_day=day)
        for day in (0, 1)
    ]

    assert dates(rules[0], D(2027, 1, 1), 20) == ["01-12", "01-16", "01-20"]
    assert dates(rules[1], D(2027, 1, 14), 5) == ["01-17"]


def test_validity_is_inclusive_and_meets_the_range() -> None:
    rule = Rule(0, at("09:00"), at("13:00"), valid_from=D(2027, 1, 12), valid_until=D(2027, 1, 25))

    assert dates(rule, D(2027, 1, 1), 60) == ["01-18", "01-25"]
    assert dates(rule, D(2027, 1, 26), 60) == []


def test_several_windows_a_day_stay_apart_and_overlapping_ones_become_one() -> None:
    rules = [Rule(0, at(start), at(end)) for start, end in (("09:00", "13:00"), ("13:00", "15:00"))]

    assert shown(rules) == ["1: 11 09:00-13:00", "1: 11 13:00-15:00"]
    assert shown([*rules, Rule(0, at("12:00"), at("14:00"))]) == ["1: 11 09:00-15:00"]


def test_night_shift_belongs_to_the_evening() -> None:
    night = [Rule(0, at("22:00"), at("06:00"))]

    assert shown(night) == ["1: 11 22:00-06:00"]
    assert shown(night, first=MONDAY + dt.timedelta(days=1)) == []


def test_leave_takes_the_working_days_that_begin_on_its_dates() -> None:
    night = every_day("22:00", "06:00")

    found = shown(night, departure(Kind.BLOCK), first=MONDAY - dt.timedelta(days=1), days=3)

    assert found == ["1: 10 22:00-06:00", "1: 12 22:00-06:00"]


def test_blocked_hours_cut_every_window_they_meet() -> None:
    night = every_day("22:00", "06:00")
    block = departure(Kind.BLOCK, hours=("23:00", "03:00"))

    assert shown(every_day(), departure(Kind.BLOCK, hours=("12:00", "13:00"))) == [
        "1: 11 09:00-12:00",
        "1: 11 13:00-17:00",
    ]
    assert shown(night, block, first=MONDAY) == ["1: 11 22:00-23:00", "1: 11 03:00-06:00"]
    assert shown(night, departure(Kind.BLOCK, hours=("05:00", "23:00"))) == ["1: 11 23:00-06:00"]


def test_replaced_hours_take_the_place_of_all_usual_ones() -> None:
    assert shown(every_day(), departure(Kind.REPLACE, hours=("14:00", "20:00"))) == ["1: 11 14:00-20:00"]


def test_narrower_scope_wins_and_later_row_wins_within_one() -> None:
    closed = departure(Kind.BLOCK, id=9, scope=Scope.NETWORK)
    extra = departure(Kind.ADD, id=1, hours=("10:00", "12:00"))
    block = departure(Kind.BLOCK, id=3, hours=("10:00", "11:00"))

    assert shown(every_day(), closed, extra) == ["1: 11 10:00-12:00"]
    assert shown(every_day(), extra, closed, block) == ["1: 11 11:00-12:00"]
    assert shown(every_day(), closed, block, departure(Kind.ADD, id=4, hours=("10:00", "12:00"))) == [
        "1: 11 10:00-12:00"
    ]


def test_holiday_closes_the_clinic_unless_an_exception_adds_hours() -> None:
    clinic = ClinicDays(id=1, zone="Europe/Moscow", holidays={MONDAY: "Holiday"})
    opened = departure(Kind.ADD, scope=Scope.CLINIC, clinic_id=1, hours=("10:00", "14:00"))
    elsewhere = departure(Kind.ADD, scope=Scope.CLINIC, clinic_id=2, hours=("10:00", "14:00"))

    assert shown(every_day(), clinics=(clinic,)) == []
    assert shown(every_day(), opened, clinics=(clinic,)) == ["1: 11 10:00-14:00"]
    assert shown(every_day(), elsewhere, clinics=(clinic,)) == []
    assert shown(every_day(), clinics=(clinic,), days=2) == ["1: 12 09:00-17:00"]


def test_wide_replacement_is_for_those_who_would_have_worked() -> None:
    shorter = departure(Kind.REPLACE, scope=Scope.NETWORK, hours=("09:00", "12:00"))
    added = departure(Kind.ADD, scope=Scope.NETWORK, hours=("09:00", "12:00"))
    tuesdays = [Rule(1, at("09:00"), at("17:00"))]

    assert shown(every_day(), shorter) == ["1: 11 09:00-12:00"]
    assert shown(tuesdays, shorter) == []
    assert shown(tuesdays, added) == ["1: 11 09:00-12:00"]
    assert shown([Rule(1, at("09:00"), at("17:00"), valid_until=D(2026, 1, 1))], added) == []


def test_doctors_own_hours_without_a_clinic_lie_in_the_main_one() -> None:
    extra = departure(Kind.ADD, hours=("18:00", "20:00"))
    rules = {1: every_day("09:00", "11:00"), 2: every_day("13:00", "15:00")}
    both = ["1: 11 09:00-11:00", "2: 11 13:00-15:00"]

    assert shown(rules, extra, clinics=(MOSCOW, OTHER)) == [*both, "1: 11 18:00-20:00"]
    assert shown(rules, departure(Kind.BLOCK, clinic_id=1), clinics=(MOSCOW, OTHER)) == both[1:]
    assert shown(rules, departure(Kind.BLOCK), clinics=(MOSCOW, OTHER)) == []


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [(0, "13:00"), (60, "13:00"), (121, "13:01"), (180, "14:00")],
)
def test_way_between_clinics_shortens_the_later_window(minutes: int, expected: str) -> None:
    rules = {1: every_day("09:00", "11:00"), 2: every_day("13:00", "17:00")}
    way = {frozenset((1, 2)): dt.timedelta(minutes=minutes)}

    found = shown(rules, clinics=(MOSCOW, OTHER), travel=way)

    assert found == ["1: 11 09:00-11:00", f"2: 11 {expected}-17:00"]


def test_doctor_is_never_open_in_two_clinics_at_once() -> None:
    rules = {1: every_day("09:00", "14:00"), 2: every_day("13:00", "17:00")}

    assert shown(rules, clinics=(MOSCOW, OTHER)) == ["1: 11 09:00-14:00", "2: 11 14:00-17:00"]
    swallowed = {1: every_day("09:00", "14:00"), 2: every_day("10:00", "13:00")}
    assert shown(swallowed, clinics=(MOSCOW, OTHER)) == ["1: 11 09:00-14:00"]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (
            {"repeat": Repeat.WEEKLY, "weekdays": frozenset({0, 4})},
            ["01-11", "01-15", "01-18", "01-22", "01-25"],
        ),
        ({"repeat": Repeat.NTH, "weekdays": frozenset({1}), "nth": 3}, ["01-19"]),
        ({"repeat": Repeat.NTH, "weekdays": frozenset({0}), "nth": -1}, ["01-25"]),
        ({}, [f"01-{day}" for day in range(11, 26)]),
    ],
)
def test_exception_repeats_within_its_range(fields: dict[str, Any], expected: list[str]) -> None:
    rule = Departure(
        id=1, scope=Scope.DOCTOR, kind=Kind.BLOCK, start_date=MONDAY, end_date=D(2027, 1, 25), **fields
    )

    assert [f"{day:%m-%d}" for day in rule.days(D(2027, 1, 1), D(2027, 3, 1))] == expected


@pytest.mark.parametrize(
    ("start", "end", "year", "expected"),
    [
        (D(2024, 2, 29), D(2024, 2, 29), 2027, []),
        (D(2024, 2, 29), D(2024, 2, 29), 2028, ["02-29"]),
        (D(2024, 2, 28), D(2024, 3, 1), 2027, ["02-28", "03-01"]),
        (D(2024, 2, 28), D(2024, 3, 1), 2028, ["02-28", "02-29", "03-01"]),
        (D(2025, 12, 31), D(2026, 1, 1), 2027, ["01-01", "12-31"]),
        (D(2028, 5, 1), D(2028, 5, 1), 2027, []),
    ],
)
def test_yearly_exception_and_the_leap_day(start: D, end: D, year: int, expected: list[str]) -> None:
    rule = Departure(
        id=1, scope=Scope.DOCTOR, kind=Kind.BLOCK, start_date=start, end_date=end, repeat=Repeat.YEARLY
    )

    assert [f"{day:%m-%d}" for day in rule.days(D(year, 1, 1), D(year + 1, 1, 1))] == expected


def test_weekly_hours_on_the_leap_day() -> None:
    tuesday = [Rule(1, at("09:00"), at("10:00"))]

    assert shown(tuesday, first=D(2028, 2, 29)) == ["1: 29 09:00-10:00"]


def test_room_is_open_but_for_its_own_blocks() -> None:
    block = departure(Kind.BLOCK, scope=Scope.RESOURCE, hours=("12:00", "13:00"))

    found = expand_room(clinic=MOSCOW, departures=[block], first=MONDAY, last=MONDAY + dt.timedelta(days=2))

    assert [words(window) for window in found] == [
        "1: 11 00:00-12:00",
        "1: 11 13:00-00:00",
        "1: 12 00:00-00:00",
    ]


def test_room_has_no_window_on_a_date_that_its_clock_skipped() -> None:
    samoa = ClinicDays(id=1, zone="Pacific/Apia")

    found = expand_room(clinic=samoa, departures=[], first=D(2011, 12, 29), last=D(2012, 1, 1))

    assert [window.local_date for window in found] == [D(2011, 12, 29), D(2011, 12, 31)]
