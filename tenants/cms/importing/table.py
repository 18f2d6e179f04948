"""The columns of an imported table, and its rows by column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tenants.cms.importing.errors import UnreadableFile
from tenants.cms.importing.sheets import rows_of

MAX_ROWS: Final = 100_000
MAX_BYTES: Final = 32 * 1024 * 1024
_LANGUAGES: Final = ("en", "ru")
_MAX_CELL: Final = 20_000
_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


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


def read_table(
    data: bytes, columns: Sequence[Column], *, defaults: Mapping[str, str] = _NOTHING, time_zone: str = "UTC"
) -> list[Line]:
    """Read the file into lines. Empty lines are left out; `defaults` fill empty cells and absent columns.

    Raises UnreadableFile for a file that is too big, not text, without its columns, or with too many rows.
    """
    if len(data) > MAX_BYTES:
        raise UnreadableFile(_("The file is larger than 32 MB. Please split it."), code="file_too_big")
    rows = rows_of(data, time_zone=time_zone)
    if not rows:
        raise UnreadableFile(_("The file is empty."), code="empty_file")
    places = _places(rows[0][1], columns, given=frozenset(defaults))
    lines = [Line(number=number, cells=_cells(row, places, defaults)) for number, row in rows[1:]]
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


def _places(heading: Sequence[str], columns: Sequence[Column], *, given: frozenset[str]) -> dict[str, int]:
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
    missing = [
        str(column.label) for column in columns if column.is_required and column.code not in {*places, *given}
    ]
    if missing:
        raise UnreadableFile(
            _("These columns are missing: %(names)s.") % {"names": ", ".join(missing)}, code="missing_columns"
        )
    return places


def _cells(row: Sequence[str], places: Mapping[str, int], defaults: Mapping[str, str]) -> dict[str, str]:
    found = {
        code: row[place].strip()[:_MAX_CELL] if place < len(row) else "" for code, place in places.items()
    }
    return found | {code: text for code, text in defaults.items() if text and not found.get(code)}
