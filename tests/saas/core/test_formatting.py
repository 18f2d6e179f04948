import datetime as dt
from decimal import Decimal

import pytest

from saas.core.formatting import (
    NBSP,
    format_date,
    format_day,
    format_minutes,
    format_money,
    format_time,
    format_when,
    format_when_soon,
    format_zone,
)

pytestmark = pytest.mark.unit

NOW = dt.datetime(2026, 11, 24, 9, 0, tzinfo=dt.UTC)
VISIT = dt.datetime(2026, 11, 24, 13, 40, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("language", "words"),
    [("ru", "вт, 24 ноября, 16:40"), ("en", "Tue 24 Nov, 16:40"), ("de", "Tue 24 Nov, 16:40")],
)
def test_format_when_speaks_the_language(language: str, words: str) -> None:
    assert format_when(VISIT, zone="Europe/Moscow", language=language, now=NOW) == words


def test_format_when_uses_the_zones_day() -> None:
    late = dt.datetime(2026, 11, 24, 22, 30, tzinfo=dt.UTC)
    assert format_when(late, zone="Asia/Yekaterinburg", language="en", now=NOW) == "Wed 25 Nov, 3:30"


def test_format_when_names_another_year() -> None:
    next_year = dt.datetime(2027, 1, 5, 7, 0, tzinfo=dt.UTC)
    assert format_when(next_year, zone="UTC", language="ru", now=NOW) == "вт, 5 января 2027, 7:00"


@pytest.mark.parametrize(
    ("hours", "words"),
    [(0, "today, 16:40"), (24, "tomorrow, 16:40"), (48, "Thu 26 Nov, 16:40"), (-24, "Mon 23 Nov, 16:40")],
)
def test_format_when_soon_names_two_days(hours: int, words: str) -> None:
    at = VISIT + dt.timedelta(hours=hours)
    assert format_when_soon(at, zone="Europe/Moscow", language="en", now=NOW) == words


def test_format_day_and_date() -> None:
    day = dt.date(2026, 5, 9)
    assert format_day(day, language="ru", today=day) == "сб, 9 мая"
    assert format_date(day, language="en") == "9 May 2026"


def test_format_time_pads_minutes_only() -> None:
    assert format_time(dt.datetime(2026, 11, 24, 9, 5, tzinfo=dt.UTC), zone="UTC") == "9:05"


def test_format_zone_follows_summer_time() -> None:
    summer = dt.datetime(2026, 7, 1, tzinfo=dt.UTC)
    assert format_zone("Europe/Berlin", at=NOW, language="en") == "Berlin time (UTC+1)"
    assert format_zone("Europe/Berlin", at=summer, language="en") == "Berlin time (UTC+2)"


def test_format_zone_names_the_city_of_a_rare_zone() -> None:
    assert format_zone("Asia/Kathmandu", at=NOW, language="en") == "local time, Kathmandu (UTC+5:45)"
    assert format_zone("America/St_Johns", at=NOW, language="en") == "local time, St Johns (UTC−3:30)"


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (1, "1 minute"),
        (40, "40 minutes"),
        (60, "1 hour"),
        (90, "1 hour 30 minutes"),
        (2880, "2 days"),
        (0, "0 minutes"),
    ],
)
def test_format_minutes_in_words(minutes: int, words: str) -> None:
    assert format_minutes(minutes, language="en").replace(NBSP, " ") == words


@pytest.mark.parametrize(
    ("amount", "currency", "language", "text"),
    [
        (Decimal(3200), "RUB", "ru", "3 200 ₽"),
        (Decimal("3200.50"), "RUB", "ru", "3 200,50 ₽"),
        (Decimal(45), "EUR", "en", "€45"),
        (Decimal("1234.5"), "USD", "en", "$1,234.50"),
        (Decimal(-45), "EUR", "en", "−€45"),
        (Decimal(1000), "CHF", "en", "1,000 CHF"),
        (Decimal("999.995"), "EUR", "en", "€1,000.00"),
        (Decimal("1500.4"), "JPY", "en", "1,500 JPY"),
    ],
)
def test_format_money(amount: Decimal, currency: str, language: str, text: str) -> None:
    assert format_money(amount, currency, language).replace(NBSP, " ") == text
