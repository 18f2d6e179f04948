"""The report as tables: for the screen's alternatives to charts, for CSV and for XLSX."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

from tenants.desk.reports.demand import Demand
from tenants.desk.reports.utilisation import Use, Utilisation
from tenants.desk.reports.visits import Figures, Named, VisitReport
from tenants.doctors.models import Weekday

BOM: Final = "\ufeff"  # Excel reads UTF-8 only with it
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")
_TITLE_LENGTH: Final = 31

Value = str | int | float | Decimal


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table with a header; `code` names it in addresses and files."""

    code: str
    title: str
    header: list[str]
    rows: list[list[Value]]


def sheets_of(visits: VisitReport, use: Utilisation, demand: Sequence[Demand]) -> list[Sheet]:
    """Return all tables of a report."""
    currencies = sorted(visits.total.paid)
    counted = [
        pgettext("column", "Visits"),
        pgettext("column", "Done"),
        pgettext("column", "Did not come"),
        _("Did not come, %"),
        pgettext("column", "Cancelled"),
        pgettext("column", "Cancelled, %"),
        *(pgettext("column", "Paid, %(currency)s") % {"currency": currency} for currency in currencies),
    ]
    return [
        Sheet(
            "days",
            _("By day"),
            [_("Day"), *counted],
            [[day.isoformat(), *_counts(figures, currencies)] for day, figures in visits.days],
        ),
        _named("doctors", _("By doctor"), [_("Doctor"), *counted], visits.doctors, currencies),
        _named("services", _("By service"), [_("Service"), *counted], visits.services, currencies),
        _named("clinics", _("By clinic"), [_("Clinic"), *counted], visits.clinics, currencies),
        _used("use", _("Use of doctors' time"), _("Doctor"), use.doctors),
        _used("rooms", _("Use of rooms and devices"), _("Room or device"), use.rooms),
        _used("hours", _("Use by hour"), _("Hour"), use.hours),
        Sheet(
            "lead",
            _("How long ahead"),
            [_("Booked ahead"), pgettext("column", "Visits")],
            [[label, count] for label, count in zip(lead_labels(), visits.lead.buckets, strict=True)],
        ),
        Sheet(
            "cancelled",
            _("Cancelled how late"),
            [_("Before the visit"), pgettext("column", "Cancelled")],
            [
                [label, count]
                for label, count in zip(late_labels(), visits.cancellations.buckets, strict=True)
            ],
        ),
        Sheet(
            "patients",
            _("First and returning"),
            [pgettext("column", "Patients"), pgettext("column", "Count")],
            [
                [_("First visit"), visits.new_patients],
                [_("Have been here before"), visits.returning_patients],
            ],
        ),
        Sheet(
            "demand",
            _("Looked for in vain"),
            [_("Specialization"), _("Weekday"), _("Hour"), _("Searches")],
            list(_demanded(demand)),
        ),
    ]


def lead_labels() -> list[str]:
    """Return the names of the buckets of the lead time."""
    return [
        _("the same day"),
        _("1–2 days"),
        _("3–6 days"),
        _("1–2 weeks"),
        _("2–4 weeks"),
        _("30 days and more"),
    ]


def late_labels() -> list[str]:
    """Return the names of the buckets of cancellations."""
    return [_("less than 3 hours"), _("3–24 hours"), _("1–3 days"), _("more than 3 days")]


def as_csv(sheet: Sheet) -> str:
    """Return a table as CSV that a spreadsheet opens without running anything in it."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(sheet.header)
    writer.writerows([_plain(value) for value in row] for row in sheet.rows)
    return BOM + text.getvalue()


def as_xlsx(sheets: Sequence[Sheet]) -> bytes:
    """Return all tables as a workbook; texts stay texts, whatever they begin with."""
    book = Workbook(write_only=True)
    for sheet in sheets:
        page = book.create_sheet(sheet.title.replace("/", " ")[:_TITLE_LENGTH])
        page.freeze_panes = "A2"
        page.column_dimensions["A"].width = 34
        head = []
        for title in sheet.header:
            cell = WriteOnlyCell(page, value=title)
            cell.font = Font(bold=True)
            head.append(cell)
        page.append(head)
        for row in sheet.rows:
            page.append([_cell(page, value) for value in row])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _cell(page: object, value: Value) -> object:
    if not isinstance(value, str):
        return value
    cell = WriteOnlyCell(page, value=harmless(value))
    cell.data_type = "s"
    return cell


def _plain(value: Value) -> Value:
    return harmless(value) if isinstance(value, str) else value


def harmless(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula, by an apostrophe before it if need be."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _counts(figures: Figures, currencies: Sequence[str]) -> list[Value]:
    return [
        figures.visits,
        figures.done,
        figures.no_show,
        figures.no_show_rate,
        figures.cancelled,
        figures.cancelled_rate,
        *(figures.paid.get(currency, Decimal(0)) for currency in currencies),
    ]


def _named(
    code: str, title: str, header: list[str], rows: Sequence[Named], currencies: Sequence[str]
) -> Sheet:
    return Sheet(code, title, header, [[row.name, *_counts(row.figures, currencies)] for row in rows])


def _used(code: str, title: str, first: str, rows: Sequence[Use]) -> Sheet:
    header = [
        first,
        _("Used, %"),
        _("Working time, hours"),
        _("With visits, hours"),
        _("Blocked, hours"),
    ]
    return Sheet(
        code,
        title,
        header,
        [[row.name, row.rate, row.work_hours, row.booked_hours, round(row.blocked / 60, 1)] for row in rows],
    )


def _demanded(demand: Sequence[Demand]) -> Iterator[list[Value]]:
    for each in demand:
        name = each.specialization or _("not said")
        for weekday, cells in enumerate(each.days):
            day = str(Weekday(weekday).label)
            for hour, cell in zip(each.hours, cells, strict=True):
                if cell.count:
                    yield [name, day, f"{hour}:00", cell.count]
            if each.any_hour[weekday]:
                yield [name, day, _("any hour"), each.any_hour[weekday]]
