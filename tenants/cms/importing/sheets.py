"""The rows of a file, whatever made it: CSV, an Excel workbook, or a calendar (.ics)."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import zipfile
from collections.abc import Iterable
from typing import Any, Final
from zoneinfo import ZoneInfo

import icalendar
import openpyxl
from django.utils.translation import gettext_lazy as _
from openpyxl.utils.exceptions import InvalidFileException

from tenants.cms.importing.errors import UnreadableFile

Row = tuple[int, list[str]]
"""What a spreadsheet shows beside the row, and its cells as text."""

MAX_UNPACKED: Final = 256 * 1024 * 1024
_PHONE: Final = re.compile(r"\+?\d[\d\s()-]{8,18}\d")
CALENDAR_HEADING: Final = (
    "date", "time", "duration_minutes", "last_name", "first_name", "middle_name", "phone", "service", "clinic",
    "status", "notes",
)  # fmt: skip
"""Columns that an event of a calendar fills."""


def rows_of(data: bytes, *, time_zone: str = "UTC") -> list[Row]:
    """Return the rows of a file, the heading first, empty ones left out. Raises UnreadableFile.

    Times of a calendar that carry a zone are told on the clock of `time_zone`.
    """
    if data.startswith(b"PK\x03\x04"):
        return _workbook(data)
    if data.lstrip(b"\xef\xbb\xbf\r\n ").upper().startswith(b"BEGIN:VCALENDAR"):
        return _calendar(data, ZoneInfo(time_zone))
    return _text_table(data)


def _text_table(data: bytes) -> list[Row]:
    text = _decode(data)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True))
    except csv.Error as error:
        raise UnreadableFile(
            _("The file is not a proper CSV table: a quotation mark may be missing."), code="not_csv"
        ) from error
    return _filled(enumerate(rows, start=1))


def _workbook(data: bytes) -> list[Row]:
    """The first sheet. Formulas count as the values that the workbook was saved with."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(part.file_size for part in archive.infolist()) > MAX_UNPACKED:
                raise UnreadableFile(
                    _("The workbook is too big when unpacked. Please split it."), code="file_too_big"
                )
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        sheet = book.worksheets[0]
        rows = [[_cell_text(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]
    except (zipfile.BadZipFile, InvalidFileException, KeyError, IndexError, ValueError, OSError) as error:
        raise UnreadableFile(
            _("This is not an Excel workbook that can be read. Save the table as .xlsx or “CSV UTF-8”."),
            code="not_xlsx",
        ) from error
    return _filled(enumerate(rows, start=1))


def _calendar(data: bytes, zone: ZoneInfo) -> list[Row]:
    try:
        calendar = icalendar.Calendar.from_ical(data)
        events = [_event_row(event, zone) for event in calendar.walk("VEVENT")]
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise UnreadableFile(
            _("This calendar file is damaged and cannot be read."), code="not_ics"
        ) from error
    return [(1, list(CALENDAR_HEADING)), *enumerate(events, start=2)]


def _event_row(event: Any, zone: ZoneInfo) -> list[str]:  # noqa: ANN401 - icalendar's components are untyped
    begins = _local(event.decoded("DTSTART"), zone)
    ends = event.decoded("DTEND", None)
    duration = event.decoded("DURATION", None) or (_local(ends, zone) - begins if ends else None)
    title = str(event.get("SUMMARY", ""))
    text = str(event.get("DESCRIPTION", ""))
    phone = _PHONE.search(f"{title}\n{text}")
    names = [*_PHONE.sub("", title).replace(",", " ").split(), "", "", ""]
    categories = event.get("CATEGORIES")
    service = str(categories.cats[0]) if categories is not None and getattr(categories, "cats", None) else ""
    return [
        begins.strftime("%Y-%m-%d"),
        begins.strftime("%H:%M"),
        str(int(duration.total_seconds() // 60)) if duration else "",
        names[0],
        names[1],
        names[2],
        phone[0] if phone else "",
        service,
        str(event.get("LOCATION", "")),
        str(event.get("STATUS", "")).lower(),
        text,
    ]


def _local(value: dt.date | dt.datetime, zone: ZoneInfo) -> dt.datetime:
    """The wall-clock time, naive; of an event that fills a day, its midnight."""
    if not isinstance(value, dt.datetime):
        return dt.datetime.combine(value, dt.time(0))
    return value.astimezone(zone).replace(tzinfo=None) if value.tzinfo else value


def _cell_text(value: object) -> str:
    """A workbook's value as a person would have typed it."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case float() if value.is_integer():
            return str(int(value))
        case dt.datetime():
            return f"{value:%Y-%m-%d}" if value.time() == dt.time(0) else f"{value:%Y-%m-%d %H:%M}"
        case dt.time():
            return f"{value:%H:%M}"
        case _:
            return str(value)


def _filled(rows: Iterable[tuple[int, list[str]]]) -> list[Row]:
    return [(number, row) for number, row in rows if any(cell.strip() for cell in row)]


def _decode(data: bytes) -> str:
    if b"\x00" in data:
        raise UnreadableFile(_("This is not a CSV file. Save the table as “CSV UTF-8”."), code="not_text")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        # Older Russian spreadsheets. Five bytes are not letters there; they come from files that are no text at all.
        try:
            return data.decode("cp1251")
        except UnicodeDecodeError as error:
            raise UnreadableFile(
                _("This is not a CSV file. Save the table as “CSV UTF-8”."), code="not_text"
            ) from error


def _delimiter(text: str) -> str:
    heading = text.split("\n", 1)[0]
    return max((";", ",", "\t"), key=heading.count)
