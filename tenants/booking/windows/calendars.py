"""Public holidays by country and region, with the moved days of the Russian production calendar."""

import datetime as dt
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import holidays
from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from holidays.registry import COUNTRIES

_MOVED_FILE: Final = Path(__file__).parent / "data" / "ru_production_calendar.json"
_MOVED_IN: Final = "RU"
_MOVED_NAMES: Final = {"en": "Day off", "ru": "Выходной"}
_OWN_NAMES: Final[dict[str, Promise]] = {
    "RU": _("Russia"),
    "BY": _("Belarus"),
    "KZ": _("Kazakhstan"),
    "AM": _("Armenia"),
    "AZ": _("Azerbaijan"),
    "GE": _("Georgia"),
    "KG": _("Kyrgyzstan"),
    "UZ": _("Uzbekistan"),
    "DE": _("Germany"),
    "GB": _("United Kingdom"),
    "US": _("United States"),
}


@dataclass(frozen=True, slots=True)
class DayNotes:
    """What the production calendar says about working days: weekend days that are worked, and shorter days."""

    working: frozenset[dt.date]
    shortened: frozenset[dt.date]


def closed_days(calendar: str, *, first: dt.date, last: dt.date, language: str = "en") -> dict[dt.date, str]:
    """Return the holidays of a calendar such as "RU" or "DE-BE" within `[first, last)`, with their names.

    Names are in the language, or in the country's own where the library does not know them in it. Nothing for an
    empty calendar, nor for one that the library does not know (a clinic then simply has no holidays).
    """
    if not calendar:
        return {}
    found: dict[dt.date, str] = {}
    for year in range(first.year, last.year + 1):
        found.update(
            (day, name) for day, name in _year(calendar, year, language).items() if first <= day < last
        )
    return found


def day_notes(calendar: str) -> DayNotes:
    """Return worked weekends and shortened days of all published years; both empty outside of Russia."""
    if calendar.partition("-")[0] != _MOVED_IN:
        return DayNotes(working=frozenset(), shortened=frozenset())
    years = _moved_days().values()
    return DayNotes(
        working=frozenset(dt.date.fromisoformat(day) for year in years for day in year["working"]),
        shortened=frozenset(dt.date.fromisoformat(day) for year in years for day in year["shortened"]),
    )


def validate_calendar(calendar: str) -> None:
    """Refuse a country or region that the library of holidays does not know. Raises ValidationError."""
    country, _dash, region = calendar.partition("-")
    supported = holidays.list_supported_countries(include_aliases=False)
    if country not in supported:
        raise ValidationError(
            _("There is no calendar of public holidays for “%(country)s”."),
            code="no_calendar",
            params={"country": country},
        )
    if region and region not in supported[country]:
        raise ValidationError(
            _("“%(region)s” is not a region of this country. Known: %(known)s."),
            code="no_region",
            params={"region": region, "known": ", ".join(supported[country]) or "—"},
        )


def calendar_choices() -> list[tuple[str, str]]:
    """Return the countries with calendars: those our networks are in first, then the others by their English names."""
    own = [(code, str(name)) for code, name in _OWN_NAMES.items()]
    others = [
        (code, re.sub(r"(?<=[a-z])(?=[A-Z])", " ", str(entry[0])))
        for entry in COUNTRIES.values()
        for code in [str(entry[1])]
        if code not in _OWN_NAMES
    ]
    return [*own, *sorted(others, key=lambda choice: choice[1])]


@lru_cache(maxsize=512)
def _year(calendar: str, year: int, language: str) -> Mapping[dt.date, str]:
    country, _dash, region = calendar.partition("-")
    try:
        spoken = _spoken(country, language)
        found = holidays.country_holidays(country, subdiv=region or None, years=year, language=spoken)
    except NotImplementedError:
        return {}
    days = {day: name for day, name in found.items() if day.year == year}
    if country == _MOVED_IN:
        published = _moved_days().get(str(year))
        if published is not None:
            for day in published["moved"].values():
                days.setdefault(dt.date.fromisoformat(day), _MOVED_NAMES.get(language, _MOVED_NAMES["en"]))
            for day in published["working"]:
                days.pop(dt.date.fromisoformat(day), None)
    return days


@lru_cache(maxsize=512)
def _spoken(country: str, language: str) -> str | None:
    """Return the library's code of a language for a country; None for the country's own."""
    known: tuple[str, ...] = holidays.country_holidays(country).supported_languages or ()
    return next((code for code in known if code.partition("_")[0] == language.partition("-")[0]), None)


@lru_cache(maxsize=1)
def _moved_days() -> dict[str, dict[str, Any]]:
    data = json.loads(_MOVED_FILE.read_text(encoding="utf-8"))
    return {year: facts for year, facts in data.items() if year.isdigit()}
