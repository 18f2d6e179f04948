"""Reading a CSV file that a spreadsheet made: its encoding, its separator, its columns."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from saas.core.errors import Refused

MAX_ROWS: Final = 10_000
MAX_BYTES: Final = 4 * 1024 * 1024
_LANGUAGES: Final = ("en", "ru")
_MAX_CELL: Final = 20_000


class UnreadableFile(Refused):
    """The file as a whole cannot be used."""

    code = "unreadable_file"
    message = _("This file cannot be read as a table.")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the file. Its heading may be the code or the label in any language; `example` fills the template."""

    code: str
    label: Promise
    is_required: bool = False
    example: str | Promise = ""

    def headings(self) -> set[str]:
        found = {self.code}
        for language in _LANGUAGES:
            with translation.override(language):
                found.add(str(self.label).casefold())
        return found


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the file by column code; `number` is what a spreadsheet shows beside it."""

    number: int
    cells: dict[str, str]


def read_table(data: bytes, columns: Sequence[Column]) -> list[Line]:
    """Read the file into lines. Empty lines are left out.

    Raises UnreadableFile for a file that is too big, not text, without its columns, or with too many rows.
    """
    if len(data) > MAX_BYTES:
        raise UnreadableFile(_("The file is larger than 4 MB. Please split it."), code="file_too_big")
    text = _decode(data)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True))
    except csv.Error as error:
        raise UnreadableFile(
            _("The file is not a proper CSV table: a quotation mark may be missing."), code="not_csv"
        ) from error
    if not rows or not any(cell.strip() for cell in rows[0]):
        raise UnreadableFile(_("The file is empty."), code="empty_file")
    places = _places(rows[0], columns)
    lines = [
        Line(number=number, cells={code: _cell(row, place) for code, place in places.items()})
        for number, row in enumerate(rows[1:], start=2)
        if any(cell.strip() for cell in row)
    ]
    if not lines:
        raise UnreadableFile(_("The file has headings, but no rows below them."), code="no_rows")
    if len(lines) > MAX_ROWS:
        raise UnreadableFile(
            _("The file has %(rows)d rows; at most %(limit)d fit into one import. Please split it.")
            % {"rows": len(lines), "limit": MAX_ROWS},
            code="too_many_rows",
        )
    return lines


def template_rows(columns: Sequence[Column]) -> list[list[str]]:
    """Return the headings and one example row, in the active language."""
    return [[str(column.label) for column in columns], [str(column.example) for column in columns]]


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


def _places(heading: Sequence[str], columns: Sequence[Column]) -> dict[str, int]:
    known = {name: column.code for column in columns for name in column.headings()}
    places: dict[str, int] = {}
    for place, cell in enumerate(heading):
        name = cell.strip().casefold()
        if not name:
            continue
        code = known.get(name)
        if code is None:
            raise UnreadableFile(
                _("The column “%(name)s” is not known here. Known columns: %(known)s.")
                % {"name": cell.strip(), "known": ", ".join(str(column.label) for column in columns)},
                code="unknown_column",
            )
        if code in places:
            raise UnreadableFile(
                _("The column “%(name)s” stands in the file twice.") % {"name": cell.strip()},
                code="double_column",
            )
        places[code] = place
    missing = [str(column.label) for column in columns if column.is_required and column.code not in places]
    if missing:
        raise UnreadableFile(
            _("These columns are missing: %(names)s.") % {"names": ", ".join(missing)}, code="missing_columns"
        )
    return places


def _cell(row: Sequence[str], place: int) -> str:
    return row[place].strip()[:_MAX_CELL] if place < len(row) else ""
