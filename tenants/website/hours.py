"""A clinic's opening hours in words: equal days together, and whether it is open now."""

import datetime as dt
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.dates import WEEKDAYS_ABBR
from django.utils.translation import gettext as _

from tenants.clinics.models import Clinic

_WEEK = 7


@dataclass(frozen=True, slots=True)
class HoursLine:
    """Days with equal hours: "Mon–Fri", "8:00–20:00". `is_today` marks the line of the clinic's today."""

    days: str
    times: str
    is_today: bool


@dataclass(frozen=True, slots=True)
class OpenHours:
    lines: list[HoursLine]
    is_open: bool


def open_hours(clinic: Clinic, *, now: dt.datetime) -> OpenHours:
    """Return the week of a clinic on its own clock; no lines when it did not say."""
    hours: dict[str, Any] = clinic.working_hours or {}
    if not hours:
        return OpenHours(lines=[], is_open=False)
    local = now.astimezone(ZoneInfo(clinic.time_zone))
    week = [_times(hours.get(str(day), [])) for day in range(_WEEK)]
    lines: list[HoursLine] = []
    first = 0
    for day in range(1, _WEEK + 1):
        if day < _WEEK and week[day] == week[first]:
            continue
        name = str(WEEKDAYS_ABBR[first])
        if day - first > 1:
            name = f"{name}–{WEEKDAYS_ABBR[day - 1]}"
        lines.append(
            HoursLine(days=name, times=week[first] or _("closed"), is_today=first <= local.weekday() < day)
        )
        first = day
    clock = f"{local:%H:%M}"
    is_open = any(start <= clock < end for start, end in hours.get(str(local.weekday()), []))
    return OpenHours(lines=lines, is_open=is_open)


def _times(pairs: list[list[str]]) -> str:
    return ", ".join(f"{start.removeprefix('0')}–{end.removeprefix('0')}" for start, end in pairs)
