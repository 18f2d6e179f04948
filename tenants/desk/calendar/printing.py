"""The sheet as tables, for paper."""

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from typing import NamedTuple

from django.utils.functional import Promise

from tenants.booking.models import Appointment, ClaimKind
from tenants.desk.calendar.sheet import Column, Sheet, span_of, state_of
from tenants.desk.calendar.words import STATES


class Row(NamedTuple):
    """One line: a visit, or time that is closed (then `visit` is None)."""

    starts_at: dt.datetime
    ends_at: dt.datetime
    visit: Appointment | None
    text: str | Promise


@dataclass(frozen=True, slots=True)
class PrintedColumn:
    """A doctor or room with its lines by local date, in order; days without any are left out."""

    column: Column
    days: list[tuple[dt.date, list[Row]]]


def printed_columns(sheet: Sheet) -> list[PrintedColumn]:
    """Return the columns that have anything to print."""
    lines: dict[int, list[Row]] = defaultdict(list)
    for visit in sheet.visits:
        row = Row(visit.appointment_date, visit.ends_at, visit, STATES[state_of(visit)])
        for resource_id in sheet.places.get(visit.pk, ()):
            lines[resource_id].append(row)
    for claim in sheet.claims:
        if claim.kind == ClaimKind.BLOCK:
            lines[claim.resource_id].append(Row(*span_of(claim), None, claim.reason))
    printed = []
    for column in sheet.columns:
        days: dict[dt.date, list[Row]] = defaultdict(list)
        for row in sorted(lines[column.resource.pk], key=lambda row: (row.starts_at, row.ends_at)):
            days[row.starts_at.astimezone(sheet.frame.zone).date()].append(row)
        if days:
            printed.append(PrintedColumn(column=column, days=sorted(days.items())))
    return printed
