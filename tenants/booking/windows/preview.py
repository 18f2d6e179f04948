"""The next weeks of a doctor's working time, as they are and as they would be."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from django.utils.translation import get_language

from tenants.booking.models import Resource
from tenants.booking.windows.calendars import closed_days, day_notes
from tenants.booking.windows.drafts import Draft, books_of
from tenants.booking.windows.expansion import DayWindow
from tenants.booking.windows.instants import ONE_DAY
from tenants.clinics.models import Clinic

WEEKS: Final = 8
_DAYS_OF_WEEK: Final = 7


@dataclass(frozen=True, slots=True)
class Stretch:
    """Working time on the clinic's clock, such as "09:00–13:00"."""

    clinic: str
    text: str


@dataclass(frozen=True, slots=True)
class PreviewDay:
    """One local date: what stays, what comes and what goes; `holiday` is its name, empty on other days."""

    date: dt.date
    kept: tuple[Stretch, ...]
    added: tuple[Stretch, ...]
    removed: tuple[Stretch, ...]
    holiday: str
    is_shortened: bool
    is_worked_weekend: bool

    @property
    def is_changed(self) -> bool:
        """Whether anything is different on this day."""
        return bool(self.added or self.removed)


@dataclass(frozen=True, slots=True)
class Preview:
    """Eight weeks from Monday on; the hours worked in them now and then."""

    weeks: tuple[tuple[PreviewDay, ...], ...]
    hours_before: float
    hours_after: float

    @property
    def is_changed(self) -> bool:
        """Whether any day is different."""
        return any(day.is_changed for week in self.weeks for day in week)


def preview(*, doctor_id: int, draft: Draft, today: dt.date) -> Preview:
    """Return the eight weeks that begin with the Monday before `today`."""
    first = today - dt.timedelta(days=today.weekday())
    last = first + dt.timedelta(weeks=WEEKS)
    ids = list(Resource.objects.filter(doctor=doctor_id).values_list("pk", flat=True))
    books = books_of(draft, resource_ids=ids, first=first, last=last)
    before, after = (
        {window for resource in book.resources for window in book.expand(resource, first=first, last=last)}
        for book in (books.before, books.after)
    )
    clinics = {clinic.pk: clinic for clinic in Clinic.objects.all()}
    at = [clinics[pk] for pk in books.after.links.get(doctor_id, ()) if pk in clinics]
    days = tuple(
        _day(
            first + number * ONE_DAY,
            before=before,
            after=after,
            at=at,
            clinics=clinics,
        )
        for number in range(WEEKS * _DAYS_OF_WEEK)
    )
    return Preview(
        weeks=tuple(
            days[start : start + _DAYS_OF_WEEK] for start in range(0, WEEKS * _DAYS_OF_WEEK, _DAYS_OF_WEEK)
        ),
        hours_before=_hours(before),
        hours_after=_hours(after),
    )


def _day(
    day: dt.date,
    *,
    before: set[DayWindow],
    after: set[DayWindow],
    at: list[Clinic],
    clinics: Mapping[int, Clinic],
) -> PreviewDay:
    def shown(windows: set[DayWindow]) -> tuple[Stretch, ...]:
        own = sorted(window for window in windows if window.local_date == day)
        return tuple(_stretch(window, clinics[window.clinic_id], several=len(at) > 1) for window in own)

    notes = [day_notes(clinic.holiday_calendar) for clinic in at]
    language, end = get_language() or "en", day + ONE_DAY
    names = [
        closed_days(clinic.holiday_calendar, first=day, last=end, language=language).get(day, "")
        for clinic in at
    ]
    return PreviewDay(
        date=day,
        kept=shown(before & after),
        added=shown(after - before),
        removed=shown(before - after),
        holiday=next((name for name in names if name), ""),
        is_shortened=any(day in each.shortened for each in notes),
        is_worked_weekend=any(day in each.working for each in notes),
    )


def _stretch(window: DayWindow, clinic: Clinic, *, several: bool) -> Stretch:
    zone = ZoneInfo(clinic.time_zone)
    begin, end = (moment.astimezone(zone) for moment in window[:2])
    return Stretch(clinic=clinic.name if several else "", text=f"{begin:%H:%M}–{end:%H:%M}")


def _hours(windows: set[DayWindow]) -> float:
    return sum((window.ends_at - window.starts_at).total_seconds() for window in windows) / 3600
