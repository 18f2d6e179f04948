"""Public holidays, with the days that the Russian government moved."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.exceptions import ValidationError

from tenants.booking.windows.calendars import calendar_choices, closed_days, day_notes, validate_calendar

pytestmark = pytest.mark.unit


def closed(calendar: str, year: int) -> set[str]:
    return {
        f"{day:%m-%d}"
        for day in closed_days(calendar, first=dt.date(year, 1, 1), last=dt.date(year + 1, 1, 1))
    }


@pytest.mark.parametrize(
    ("year", "moved"),
    [
        (2024, {"04-29", "04-30", "05-10", "12-30", "12-31"}),
        (2025, {"05-02", "05-08", "06-13", "11-03", "12-31"}),
        (2026, {"01-09", "03-09", "05-11", "12-31"}),
    ],
)
def test_moved_days_are_closed_and_worked_weekends_are_not(year: int, moved: set[str]) -> None:
    days = closed("RU", year)

    assert moved <= days
    assert {"01-01", "01-08", "02-23", "05-01", "05-09", "06-12", "11-04"} <= days
    assert not {f"{day:%m-%d}" for day in day_notes("RU").working if day.year == year} & days


def test_notes_on_working_days_are_weekends_and_days_before_holidays() -> None:
    notes = day_notes("RU")

    assert all(day.weekday() == 5 for day in notes.working)
    assert dt.date(2024, 4, 27) in notes.working
    for day in notes.shortened:
        following = {day + dt.timedelta(days=n): n for n in (1, 2)}
        assert set(closed_days("RU", first=day, last=day + dt.timedelta(days=3))) & set(following)
    assert not day_notes("DE").working


def test_regions_differ_and_an_unknown_calendar_has_no_holidays() -> None:
    assert "11-01" in closed("DE-BY", 2027)
    assert "11-01" not in closed("DE-BE", 2027)
    assert closed("XX", 2027) == set()
    assert closed("", 2027) == set()


@pytest.mark.parametrize(
    ("calendar", "code"), [("XX", "no_calendar"), ("DE-XX", "no_region"), ("RU-1", "no_region")]
)
def test_unknown_country_or_region_is_refused(calendar: str, code: str) -> None:
    with pytest.raises(ValidationError) as refused:
        validate_calendar(calendar)
    assert refused.value.code == code


def test_choices_are_calendars() -> None:
    codes = [code for code, _name in calendar_choices()]

    assert codes[0] == "RU"
    assert len(codes) == len(set(codes))
    for code in codes:
        validate_calendar(code)


@pytest.mark.parametrize(("language", "name"), [("ru", "Новогодние каникулы"), ("en", "New Year Holidays")])
def test_holidays_have_names_in_the_readers_language(language: str, name: str) -> None:
    day = dt.date(2027, 1, 1)

    assert closed_days("RU", first=day, last=day + dt.timedelta(days=1), language=language) == {day: name}
