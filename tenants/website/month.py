"""A whole month of the picker: which days have room, told in words, bars and colours. A hint, no promise of a time."""

import calendar
import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from django.utils.dates import MONTHS
from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy

from tenants.booking.policy import current_policy
from tenants.booking.selectors import month_heat
from tenants.booking.selectors.heat import DayHeat
from tenants.services.offers import Offer

SOME: Final = 3
MANY: Final = 7
"""From so many visits on that would fit into what is free, a day has some room, or much."""

_WORDS: Final[tuple[str | Promise, ...]] = (
    pgettext_lazy("free times", "none"),
    pgettext_lazy("free times of a day", "few"),
    pgettext_lazy("free times of a day", "some"),
    pgettext_lazy("free times of a day", "many"),
)


@dataclass(frozen=True, slots=True)
class MonthDay:
    """A day of the calendar; `level` 0 to 3 says how much is free, `visits` how many would fit at most.

    Days that are over or cannot be booked yet are not open; only days with room have a `url`.
    """

    date: dt.date
    visits: int
    level: int
    word: str | Promise
    is_open: bool
    is_today: bool
    url: str


@dataclass(frozen=True, slots=True)
class Month:
    """The calendar: weeks from Monday on that are not over, None where another month's day would be."""

    title: str
    weekdays: list[dt.date]
    weeks: list[list[MonthDay | None]]
    previous_url: str
    next_url: str
    week_url: str

    @property
    def has_room(self) -> bool:
        return any(day is not None and day.level for week in self.weeks for day in week)


def build_month(
    *,
    doctor_id: int,
    service_id: int,
    offer: Offer,
    wanted: dt.date,
    page: Callable[..., str],
    now: dt.datetime,
) -> Month:
    """Lay out the month of a local date; one before today's or behind the horizon becomes the nearest there is.

    `page` makes the address of the picker with other parameters. One query of the doctor's stored free time, which
    is so cheap that nothing is cached: what was booked or freed a moment ago shows.
    """
    today = now.astimezone(ZoneInfo(offer.time_zone)).date()
    horizon = today + dt.timedelta(days=current_policy().horizon_days)
    first = min(max(wanted, today), horizon).replace(day=1)
    heat = month_heat(
        year=first.year,
        month=first.month,
        doctor_ids=[doctor_id],
        service_id=service_id,
        clinic_id=offer.clinic_id,
        length_minutes=offer.duration_minutes,
        now=now,
    )
    days = [
        _day(each, minutes=offer.duration_minutes, today=today, horizon=horizon, page=page) for each in heat
    ]
    before = first.weekday()
    cells: list[MonthDay | None] = [None] * before + list(days)
    cells += [None] * (-len(cells) % 7)
    weeks = [cells[start : start + 7] for start in range(0, len(cells), 7)]
    following = first + dt.timedelta(days=calendar.monthrange(first.year, first.month)[1])
    return Month(
        title=f"{MONTHS[first.month]} {first.year}",
        weekdays=[first + dt.timedelta(days=number - before) for number in range(7)],
        weeks=[week for week in weeks if any(day is not None and day.is_open for day in week)],
        previous_url=page(month=f"{first - dt.timedelta(days=1):%Y-%m}") if first > today else "",
        next_url=page(month=f"{following:%Y-%m}") if following <= horizon else "",
        week_url=page(**{"from": max(first, today).isoformat()}) if first > today else page(),
    )


def _day(
    heat: DayHeat, *, minutes: int, today: dt.date, horizon: dt.date, page: Callable[..., str]
) -> MonthDay:
    is_open = today <= heat.local_date <= horizon
    visits = heat.free_minutes // minutes if is_open else 0
    level = 0 if not visits else 1 if visits < SOME else 2 if visits < MANY else 3
    return MonthDay(
        date=heat.local_date,
        visits=visits,
        level=level,
        word=_WORDS[level],
        is_open=is_open,
        is_today=heat.local_date == today,
        url=page(day=heat.local_date.isoformat()) if level else "",
    )
