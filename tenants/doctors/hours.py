"""Whether a doctor's weekly hours can all be kept by one person. Computes; `refuse_overlap` alone reads."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from math import lcm
from typing import Final
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from tenants.doctors.models import DoctorClinic, DoctorSchedule, SchedulePattern, Weekday

_DAYS_OF_WEEK: Final = 7
_DAY: Final = 24 * 60
_WEEK: Final = 7 * _DAY


@dataclass(frozen=True, slots=True)
class Window:
    """A weekly window on the wall clock of `time_zone`; `valid_from` and `valid_until` are included, None is open."""

    day_of_week: int
    start_time: dt.time
    end_time: dt.time
    time_zone: str
    clinic_name: str
    valid_from: dt.date | None = None
    valid_until: dt.date | None = None
    every_weeks: int = 1
    anchor_date: dt.date | None = None
    cycle_days: int | None = None
    cycle_day: int | None = None
    minutes: tuple[int, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # Minutes of the week where it begins, in UTC, and its length: an import compares each window with many.
        object.__setattr__(self, "minutes", _minutes(self))

    @classmethod
    def of(cls, schedule: DoctorSchedule) -> Window:
        """Read the window of a schedule row; its clinic must be loaded or loadable."""
        is_cycle = schedule.pattern == SchedulePattern.CYCLE
        return cls(
            day_of_week=schedule.day_of_week,
            start_time=schedule.start_time,
            end_time=schedule.end_time,
            time_zone=schedule.clinic.time_zone,
            clinic_name=schedule.clinic.name,
            valid_from=schedule.valid_from,
            valid_until=schedule.valid_until,
            every_weeks=1 if is_cycle else schedule.every_weeks,
            anchor_date=schedule.anchor_date,
            cycle_days=schedule.cycle_days if is_cycle else None,
            cycle_day=schedule.cycle_day if is_cycle else None,
        )

    @property
    def step(self) -> int:
        """After how many days the window comes again."""
        return self.cycle_days or 7 * self.every_weeks

    def occurs_on(self, day: dt.date) -> bool:
        """Whether it begins on this local date, as far as the pattern goes; validity is not looked at."""
        if self.cycle_days and self.anchor_date is not None:
            ahead = (day - self.anchor_date).days
            return ahead >= 0 and ahead % self.cycle_days == self.cycle_day
        if day.weekday() != self.day_of_week:
            return False
        if self.every_weeks == 1 or self.anchor_date is None:
            return True
        monday = self.anchor_date.toordinal() - self.anchor_date.weekday()
        return (day.toordinal() - day.weekday() - monday) // 7 % self.every_weeks == 0

    def __str__(self) -> str:
        if self.cycle_days:
            facts = {"day": (self.cycle_day or 0) + 1, "days": self.cycle_days}
            day = str(_("day %(day)s of a cycle of %(days)s") % facts)
        else:
            day = str(Weekday(self.day_of_week).label)
        return f"{day} {self.start_time:%H:%M}–{self.end_time:%H:%M}, {self.clinic_name}"


def meets(one: Window, other: Window) -> bool:
    """Return whether two windows of one doctor share any minute of any week in which both are valid.

    Windows of clinics in different zones are compared by the zones' standard offsets. Touching is not meeting.
    """
    if not _valid_together(one, other):
        return False
    if one.step != _DAYS_OF_WEEK or other.step != _DAYS_OF_WEEK or one.cycle_days or other.cycle_days:
        return _meet_on_some_day(one, other)
    first, length = one.minutes
    second, other_length = other.minutes
    ahead = (second - first) % _WEEK
    return ahead < length or (_WEEK - ahead) % _WEEK < other_length


def find_meeting(window: Window, others: Iterable[Window]) -> Window | None:
    """Return the first of `others` that `window` runs into, if any."""
    return next((other for other in others if meets(window, other)), None)


def refuse_overlap(schedule: DoctorSchedule) -> None:
    """Check hours about to be saved against the doctor's others, and that the doctor works in that clinic.

    Drafts are compared with drafts: what they take the place of is decided when they are published. Raises
    ValidationError: `not_working_there` on `clinic`, `overlap` on `start_time`. Hours out of force are free.
    """
    if not schedule.is_active:
        return
    if not DoctorClinic.objects.filter(doctor_id=schedule.doctor_id, clinic_id=schedule.clinic_id).exists():
        raise ValidationError(
            {
                "clinic": ValidationError(
                    _("%(doctor)s does not work in “%(clinic)s”. Add the clinic on the doctor's card first."),
                    code="not_working_there",
                    params={"doctor": schedule.doctor, "clinic": schedule.clinic},
                )
            }
        )
    others = DoctorSchedule.objects.filter(
        doctor_id=schedule.doctor_id, is_active=True, state=schedule.state
    ).select_related("clinic")
    if schedule.pk:
        others = others.exclude(pk=schedule.pk)
    meeting = find_meeting(Window.of(schedule), [Window.of(other) for other in others])
    if meeting is not None:
        raise ValidationError({"start_time": overlap_error(meeting)})


def overlap_error(meeting: Window) -> ValidationError:
    """The words for hours that run into `meeting`."""
    return ValidationError(
        _("These hours overlap with others of this doctor: %(other)s."),
        code="overlap",
        params={"other": str(meeting)},
    )


def _valid_together(one: Window, other: Window) -> bool:
    start = max(one.valid_from or dt.date.min, other.valid_from or dt.date.min)
    end = min(one.valid_until or dt.date.max, other.valid_until or dt.date.max)
    return start <= end


def _meet_on_some_day(one: Window, other: Window) -> bool:
    """Look at every day of the stretch after which the two patterns repeat."""
    bounds = [
        day for window in (one, other) for day in (window.valid_from, window.anchor_date) if day is not None
    ]
    start = max(bounds, default=dt.date(2024, 1, 1))
    end = min(one.valid_until or dt.date.max, other.valid_until or dt.date.max)
    around = [dt.timedelta(days=shift) for shift in (-2, -1, 0, 1, 2)]
    for ahead in range(lcm(one.step, other.step) + 1):
        day = start + dt.timedelta(days=ahead)
        if day > end:
            return False
        if not (one.occurs_on(day) and _is_valid(one, day)):
            continue
        begin = _minute_of(one, day)
        for beside in (day + shift for shift in around):
            if other.occurs_on(beside) and _is_valid(other, beside):
                meets_at = _minute_of(other, beside)
                if begin < meets_at + other.minutes[1] and meets_at < begin + one.minutes[1]:
                    return True
    return False


def _is_valid(window: Window, day: dt.date) -> bool:
    return (window.valid_from or dt.date.min) <= day <= (window.valid_until or dt.date.max)


def _minute_of(window: Window, day: dt.date) -> int:
    start = window.start_time.hour * 60 + window.start_time.minute
    return day.toordinal() * _DAY + start - _offset_minutes(window.time_zone)


def _minutes(window: Window) -> tuple[int, int]:
    start = window.day_of_week * _DAY + window.start_time.hour * 60 + window.start_time.minute
    end = window.end_time.hour * 60 + window.end_time.minute
    length = (end - (start % _DAY)) % _DAY or _DAY
    return (start - _offset_minutes(window.time_zone)) % _WEEK, length


@lru_cache(maxsize=512)
def _offset_minutes(time_zone: str) -> int:
    zone = ZoneInfo(time_zone)
    january = dt.datetime(2026, 1, 15, tzinfo=zone)
    standard = (january.utcoffset() or dt.timedelta()) - (january.dst() or dt.timedelta())
    return int(standard.total_seconds()) // 60
