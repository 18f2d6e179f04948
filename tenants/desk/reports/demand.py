"""Unmet demand: when people looked for a time and found none, and which shift would help."""

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from typing import Final

from django.db.models import Q, Sum
from django.db.models.functions import ExtractIsoWeekDay

from tenants.booking.models import SearchMiss
from tenants.desk.reports.period import Period
from tenants.doctors.models import Specialization

ANY_HOUR: Final = -1
SHIFT_HOURS: Final = 4
_LEAST: Final = 3
_DAYS: Final = 7
_MOST_ROWS: Final = 30
_LEVELS: Final = 4


@dataclass(frozen=True, slots=True)
class Cell:
    """Searches in vain for one weekday (0 Monday) and hour; `level` 0-4 is how strong the colour is."""

    count: int
    level: int


@dataclass(frozen=True, slots=True)
class Shift:
    """A shift that would have met `count` searches: weekday (0 Monday), hours `[start, end)`."""

    specialization: str
    weekday: int
    start: int
    end: int
    count: int


@dataclass(frozen=True, slots=True)
class Demand:
    """A specialization's heat table: `days` are seven rows of cells, one for each of `hours`; then any hour."""

    specialization: str
    total: int
    hours: list[int]
    days: list[list[Cell]]
    any_hour: list[int]
    shift: Shift | None


def unmet_demand(period: Period) -> list[Demand]:
    """Return the specializations that were looked for in vain, the most wanted first. Two queries.

    Days are those that people wanted, which lie ahead: up to as many days after the period as it is long count.
    """
    until = period.last + dt.timedelta(days=period.days)
    misses = SearchMiss.objects.filter(wanted_on__gte=period.first, wanted_on__lte=until)
    if period.clinic is not None:
        misses = misses.filter(Q(clinic=period.clinic) | Q(clinic=None))
    rows = (
        misses.annotate(weekday=ExtractIsoWeekDay("wanted_on"))
        .values_list("specialization", "weekday", "hour")
        .annotate(total=Sum("count"))
        .order_by()
    )
    counts: dict[int | None, dict[tuple[int, int], int]] = defaultdict(dict)
    for specialization, weekday, hour, total in rows:
        if total:
            counts[specialization][weekday - 1, hour] = total
    names = dict(
        Specialization.objects.filter(pk__in=[pk for pk in counts if pk is not None]).values_list(
            "pk", "name"
        )
    )
    found = [_demand(names.get(pk, "") if pk is not None else "", cells) for pk, cells in counts.items()]
    return sorted(found, key=lambda each: (-each.total, each.specialization))[:_MOST_ROWS]


def _demand(name: str, cells: dict[tuple[int, int], int]) -> Demand:
    timed = {key: count for key, count in cells.items() if key[1] != ANY_HOUR}
    hours = [hour for _day, hour in timed]
    shown = list(range(min([*hours, 9]), max([*hours, 18]) + 1))
    most = max(timed.values(), default=0)
    return Demand(
        specialization=name,
        total=sum(cells.values()),
        hours=shown,
        days=[[_cell(timed.get((day, hour), 0), most) for hour in shown] for day in range(_DAYS)],
        any_hour=[cells.get((day, ANY_HOUR), 0) for day in range(_DAYS)],
        shift=_shift(name, timed),
    )


def _cell(count: int, most: int) -> Cell:
    return Cell(count=count, level=-(-_LEVELS * count // most) if most else 0)


def _shift(name: str, cells: dict[tuple[int, int], int]) -> Shift | None:
    """Return the four hours of a weekday in which most was missed; None when it is hardly worth a shift."""
    best: Shift | None = None
    for day, hour in cells:
        for start in range(max(0, hour - SHIFT_HOURS + 1), min(hour, 24 - SHIFT_HOURS) + 1):
            count = sum(cells.get((day, each), 0) for each in range(start, start + SHIFT_HOURS))
            if best is None or (count, -day, -start) > (best.count, -best.weekday, -best.start):
                best = Shift(name, day, start, start + SHIFT_HOURS, count)
    return best if best is not None and best.count >= _LEAST else None
