"""The sheet with all dates of a series: what was ticked on it, and how it comes back."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.http import QueryDict
from django.utils.dateparse import parse_datetime
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tenants.booking.selectors.series import MOST_DATES, PlannedDate

LEAVE_OUT: Final = "-"
_LONGEST_EPOCH: Final = 11
_TWICE: Final = _("This time is chosen for another date as well.")
_UNANSWERED: Final = _("Choose another time, or leave this date out.")


@dataclass(frozen=True, slots=True)
class Offered:
    """Another time for a date; `value` is what the form sends back."""

    starts_at: dt.datetime
    value: str


@dataclass(frozen=True, slots=True)
class Row:
    """One date as the sheet shows it. `is_in`: it will be booked; `problem`: what the person has to do about it."""

    starts_at: dt.datetime
    is_bookable: bool
    is_in: bool
    message: str | Promise = ""
    alternatives: tuple[Offered, ...] = ()
    problem: str | Promise = ""

    @property
    def value(self) -> str:
        return str(epoch_of(self.starts_at))


@dataclass(slots=True)
class Ticked:
    """What came back: the dates to book, those left out, and what is wrong, by the date concerned."""

    dates: list[dt.datetime] = field(default_factory=list)
    left_out: list[dt.datetime] = field(default_factory=list)
    problems: dict[dt.datetime, str | Promise] = field(default_factory=dict)


def ticked_of(data: QueryDict) -> Ticked:
    """Read the sheet back; what this page did not send is left aside, and so is more than a series can have."""
    free = set(data.getlist("free"))
    found = Ticked()
    for value in dict.fromkeys(data.getlist("date")[: 2 * MOST_DATES]):
        starts_at = instant_of(value)
        if starts_at is None:
            continue
        answer = data.get(f"pick.{value}", "")
        picked = instant_of(answer)
        if picked is not None:
            if picked in found.dates:
                found.problems[picked] = _TWICE
            else:
                found.dates.append(picked)
        elif answer == LEAVE_OUT or value in free:
            found.left_out.append(starts_at)
        else:
            found.dates.append(starts_at)
            found.problems[starts_at] = _UNANSWERED
    return found


def rows_of(
    planned: Sequence[PlannedDate],
    *,
    left_out: Sequence[dt.datetime] = (),
    problems: Mapping[dt.datetime, str | Promise] | None = None,
    refused: Mapping[dt.datetime, dict[str, Any]] | None = None,
) -> list[Row]:
    """Return all rows in order. `refused` is what the booking said of dates, which weighs more than the plan."""
    said, problems = refused or {}, problems or {}
    rows = [
        Row(
            starts_at=date.starts_at,
            is_bookable=date.is_bookable and date.starts_at not in said,
            is_in=True,
            message=said.get(date.starts_at, {}).get("message", date.message),
            alternatives=_offers(date, said.get(date.starts_at)),
            problem=problems.get(date.starts_at, ""),
        )
        for date in planned
    ]
    known = {row.starts_at for row in rows}
    rows += [Row(at, is_bookable=True, is_in=False) for at in left_out if at not in known]
    return sorted(rows, key=lambda row: row.starts_at)


def refused_of(params: Mapping[str, Any]) -> dict[dt.datetime, dict[str, Any]]:
    """Return what a SeriesConflict says, by date."""
    found = {}
    for row in params.get("dates", ()):
        starts_at = parse_datetime(row["starts_at"])
        if starts_at is not None:
            found[starts_at] = row
    return found


def epoch_of(starts_at: dt.datetime) -> int:
    """Return an instant as the form spells it: visits begin on whole minutes."""
    return int(starts_at.timestamp())


def instant_of(value: str) -> dt.datetime | None:
    """Read an instant back; None for anything else."""
    if not (value.isascii() and value.isdigit() and len(value) <= _LONGEST_EPOCH):
        return None
    return dt.datetime.fromtimestamp(int(value), tz=dt.UTC)


def _offers(date: PlannedDate, refusal: dict[str, Any] | None) -> tuple[Offered, ...]:
    instants = [slot.starts_at for slot in date.alternatives]
    if refusal is not None:
        instants = [at for row in refusal["alternatives"] if (at := parse_datetime(row["starts_at"]))]
    return tuple(Offered(at, str(epoch_of(at))) for at in instants)
