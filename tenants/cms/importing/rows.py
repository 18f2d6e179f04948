"""Reading the cells of one row, and remembering everything that is wrong with them."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Final, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import Model
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tenants.cms.importing.table import Line
from tenants.doctors.models import Weekday

T = TypeVar("T")

_LANGUAGES: Final = ("en", "ru")
_YES: Final = frozenset({"1", "yes", "true", "да", "y", "+", "истина"})
_NO: Final = frozenset({"0", "no", "false", "нет", "n", "-", "ложь"})
_TIME: Final = re.compile(r"^(\d{1,2})[:.](\d{2})(?::00)?$")
_DATE: Final = re.compile(r"^(?:(\d{4})-(\d{2})-(\d{2})|(\d{1,2})\.(\d{1,2})\.(\d{4}))$")
_SHORT_DAYS: Final = (
    ("mon", "пн"), ("tue", "вт"), ("wed", "ср"), ("thu", "чт"), ("fri", "пт"), ("sat", "сб"), ("sun", "вс"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong in one cell (or, with an empty column, in the row)."""

    row: int
    column: str
    message: str | Promise


class Cells:
    """One row. Every reader returns the value, or a harmless one after noting the problem."""

    def __init__(self, line: Line, problems: list[Problem]) -> None:
        self.number = line.number
        self._cells = line.cells
        self._problems = problems
        self.is_fine = True
        """Whether nothing was wrong with this row so far."""

    def wrong(self, column: str, message: str | Promise) -> None:
        self.is_fine = False
        self._problems.append(Problem(self.number, column, message))

    def has(self, column: str) -> bool:
        """Whether the file has this column at all: what it does not have is left as it is."""
        return column in self._cells

    def text(self, column: str, *, is_required: bool = False, limit: int = 20_000) -> str:
        text = self._cells.get(column, "")
        if is_required and not text:
            self.wrong(column, _("This cell is empty."))
        if len(text) > limit:
            self.wrong(column, _("The text is longer than %(limit)d characters.") % {"limit": limit})
        return text

    def integer(self, column: str, *, least: int = 0, most: int = 1_000_000, default: int = 0) -> int:
        text = self.text(column)
        if not text:
            return default
        try:
            number = int(text)
        except ValueError:
            self.wrong(column, _("“%(text)s” is not a whole number.") % {"text": text})
            return default
        if not least <= number <= most:
            self.wrong(
                column,
                _("The number must be between %(least)d and %(most)d.") % {"least": least, "most": most},
            )
        return number

    def money(self, column: str, *, is_required: bool = False) -> Decimal:
        text = self.text(column, is_required=is_required)
        bare = text.replace("\u00a0", "").replace(" ", "").replace(",", ".")
        if not bare:
            return Decimal(0)
        try:
            amount = Decimal(bare)
        except InvalidOperation:
            amount = Decimal("NaN")
        if not amount.is_finite():
            self.wrong(column, _("“%(text)s” is not a price. Example: 2500 or 2500.50") % {"text": text})
            return Decimal(0)
        if amount < 0 or amount >= Decimal(10) ** 8 or amount != amount.quantize(Decimal("0.01")):
            self.wrong(column, _("A price is not negative, below 100 million and has at most two decimals."))
            return Decimal(0)
        return amount

    def flag(self, column: str, *, default: bool) -> bool:
        text = self.text(column).casefold()
        if not text:
            return default
        if text not in _YES | _NO:
            self.wrong(column, _("Write “yes” or “no” here, not “%(text)s”.") % {"text": text})
        return text in _YES

    def time(self, column: str) -> dt.time:
        text = self.text(column, is_required=True)
        match = _TIME.match(text)
        if match and int(match[1]) < 24 and int(match[2]) < 60:  # noqa: PLR2004 - a clock
            return dt.time(int(match[1]), int(match[2]))
        if text:
            self.wrong(column, _("“%(text)s” is not a time. Example: 09:30") % {"text": text})
        return dt.time(0)

    def date(self, column: str) -> dt.date | None:
        text = self.text(column)
        if not text:
            return None
        match = _DATE.match(text)
        try:
            if match:
                year, month, day = match.groups()[:3] if match[1] else match.groups()[:2:-1]
                return dt.date(int(year), int(month), int(day))
        except ValueError:
            pass  # such as 31.02.2026: said below
        self.wrong(column, _("“%(text)s” is not a date. Example: 2026-12-31 or 31.12.2026") % {"text": text})
        return None

    def weekday(self, column: str) -> int:
        text = self.text(column, is_required=True).casefold().rstrip(".")
        if text and text not in _weekdays():
            self.wrong(
                column,
                _("“%(text)s” is not a weekday. Write Monday, Mon, or 1 for Monday to 7 for Sunday.")
                % {"text": text},
            )
        return _weekdays().get(text, 0)

    def one_of(
        self, column: str, known: Mapping[str, T], message: str | Promise, *, is_required: bool = True
    ) -> T | None:
        """Look the cell up by its name in any case; `message` has %(text)s."""
        text = self.text(column, is_required=is_required)
        found = known.get(name_key(text))
        if text and found is None:
            self.wrong(column, str(message) % {"text": text})
        return found

    def many_of(
        self, column: str, known: Mapping[str, T], message: str | Promise, *, is_required: bool = False
    ) -> list[T]:
        """Look up every name of the cell; names are set apart by `|`."""
        names = [
            name.strip() for name in self.text(column, is_required=is_required).split("|") if name.strip()
        ]
        found: list[T] = []
        for name in names:
            value = known.get(name_key(name))
            if value is None:
                self.wrong(column, str(message) % {"text": name})
            elif value not in found:
                found.append(value)
        return found

    def check_fields(self, instance: Model, fields: Iterable[str]) -> None:
        """Let the model check its own fields (no queries); columns are named like the fields."""
        wanted = set(fields)
        exclude = {field.name for field in instance._meta.fields} - wanted
        try:
            instance.clean_fields(exclude=exclude)
        except ValidationError as error:
            for field, messages in error.message_dict.items():
                for message in messages:
                    self.wrong(field, message)


def name_key(text: str) -> str:
    """How names are compared: without case, with single spaces, ё as е."""
    return " ".join(text.casefold().replace("ё", "е").split())


def _weekdays() -> dict[str, int]:
    if not _DAYS:
        for day in Weekday:
            _DAYS[str(day.value + 1)] = day.value
            for short in _SHORT_DAYS[day.value]:
                _DAYS[short] = day.value
            for language in _LANGUAGES:
                with translation.override(language):
                    _DAYS[str(day.label).casefold()] = day.value
    return _DAYS


_DAYS: dict[str, int] = {}
