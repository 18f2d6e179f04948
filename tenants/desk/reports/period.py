"""What a report is about: local dates, and which clinics."""

import calendar
import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tenants.clinics.models import Clinic

LONGEST: Final = dt.timedelta(days=366)
_DAY: Final = dt.timedelta(days=1)
_REACH_YEARS: Final = 20


class Preset(StrEnum):
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    THIS_MONTH = "this_month"
    LAST_MONTH = "last_month"


PRESETS: Final[dict[Preset, str | Promise]] = {
    Preset.WEEK: _("7 days"),
    Preset.MONTH: _("30 days"),
    Preset.QUARTER: _("90 days"),
    Preset.THIS_MONTH: _("This month"),
    Preset.LAST_MONTH: _("Last month"),
}


@dataclass(frozen=True, slots=True)
class Period:
    """Local dates `[first, last]`, both included, of these clinics; `clinic` is None for all of them."""

    first: dt.date
    last: dt.date
    clinics: tuple[Clinic, ...]
    clinic: Clinic | None
    preset: Preset | None

    @property
    def clinic_ids(self) -> list[int]:
        return [self.clinic.pk] if self.clinic is not None else [clinic.pk for clinic in self.clinics]

    @property
    def bounds(self) -> dict[str, Any]:
        """Parameters of the queries: dates as text and instants with a day to spare for every zone."""
        midnight = dt.time(tzinfo=dt.UTC)
        return {
            "clinics": self.clinic_ids,
            "first": self.first,
            "last": self.last,
            "first_text": self.first.isoformat(),
            "after_text": (self.last + _DAY).isoformat(),
            "since": dt.datetime.combine(self.first - _DAY, midnight),
            "until": dt.datetime.combine(self.last + 2 * _DAY, midnight),
        }

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1


def period_of(query: Mapping[str, str], *, today: dt.date) -> Period:
    """Read a period; what is missing or senseless becomes the last 30 days of all clinics. One query.

    A period longer than a year is cut at its beginning.
    """
    clinics = tuple(Clinic.objects.order_by("name", "pk"))
    clinic = next((each for each in clinics if str(each.pk) == query.get("clinic", "")), None)
    first, last = _date(query.get("from", ""), today), _date(query.get("until", ""), today)
    if first is not None and last is not None and first <= last:
        return Period(max(first, last - LONGEST + _DAY), last, clinics, clinic, None)
    try:
        preset = Preset(query.get("period", Preset.MONTH))
    except ValueError:
        preset = Preset.MONTH
    first, last = _dates(preset, today)
    return Period(first, last, clinics, clinic, preset)


def _dates(preset: Preset, today: dt.date) -> tuple[dt.date, dt.date]:
    if preset == Preset.THIS_MONTH:
        return today.replace(day=1), today.replace(day=calendar.monthrange(today.year, today.month)[1])
    if preset == Preset.LAST_MONTH:
        end = today.replace(day=1) - _DAY
        return end.replace(day=1), end
    length = {Preset.WEEK: 7, Preset.MONTH: 30, Preset.QUARTER: 90}[preset]
    return today - (length - 1) * _DAY, today


def _date(text: str, today: dt.date) -> dt.date | None:
    try:
        date = dt.date.fromisoformat(text)
    except ValueError:
        return None
    return date if abs(date.year - today.year) <= _REACH_YEARS else None
