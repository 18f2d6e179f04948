"""Query parameters, read strictly: an unknown name or a bad value is answered with 400 and the field's name."""

import re
from collections.abc import Iterable
from datetime import date, datetime
from typing import Final

from django.utils.dateparse import parse_date, parse_datetime
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request

from tenants.api.errors import InvalidRequest

MAX_ID: Final = 2**63 - 1
_WHOLE: Final = re.compile(r"^[0-9]{1,19}$", re.ASCII)
_SLUG: Final = re.compile(r"^[-\w]{1,120}$", re.ASCII)
_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")
_MAX_TEXT: Final = 100


class Params:
    """The query of one request. Reading a bad value notes the problem; `done()` raises InvalidRequest for all."""

    def __init__(self, request: Request, *, known: Iterable[str]) -> None:
        self._query = request.query_params
        self._problems: dict[str, tuple[str, str | Promise]] = {}
        allowed = frozenset(known)
        for name, values in self._query.lists():
            if name not in allowed:
                self.refuse(_printable(name), "unknown_parameter", _("There is no such parameter."))
            elif len(values) > 1:
                self.refuse(name, "repeated", _("Give this parameter once."))

    def refuse(self, name: str, code: str, message: str | Promise) -> None:
        """Note that a parameter is wrong; the first problem of a name stays."""
        self._problems.setdefault(name, (code, message))

    def done(self) -> None:
        """Raise InvalidRequest if anything was wrong."""
        if self._problems:
            raise InvalidRequest(self._problems)

    def has(self, name: str) -> bool:
        return bool(self._query.get(name))

    def whole(self, name: str, *, required: bool = False, maximum: int = MAX_ID) -> int | None:
        """A positive whole number up to `maximum`."""
        text = self._text(name, required=required)
        if text is None:
            return None
        if _WHOLE.match(text) and 1 <= int(text) <= maximum:
            return int(text)
        self.refuse(name, "not_a_number", _("Give a positive whole number."))
        return None

    def wholes(self, name: str, *, most: int) -> list[int] | None:
        """Up to `most` positive whole numbers with commas between, each once, in ascending order."""
        text = self._text(name)
        if text is None:
            return None
        parts = [part.strip() for part in text.split(",", most)]
        if len(parts) > most:
            self.refuse(name, "too_many", _("Give fewer of them."))
            return None
        if not all(_WHOLE.match(part) and 1 <= int(part) <= MAX_ID for part in parts):
            self.refuse(name, "not_a_list", _("Give positive whole numbers with commas between."))
            return None
        return sorted({int(part) for part in parts})

    def id_or_slug(self, name: str) -> int | str | None:
        """An id (digits only) or the slug of a page."""
        text = self._text(name)
        if text is None:
            return None
        if _WHOLE.match(text) and 1 <= int(text) <= MAX_ID:
            return int(text)
        if _SLUG.match(text) and not text.isdigit():
            return text
        self.refuse(name, "invalid", _("Give an id or a slug."))
        return None

    def text(self, name: str, *, required: bool = False) -> str | None:
        """Free text for a search, without characters that no name has."""
        text = self._text(name, required=required)
        if text is not None and (len(text) > _MAX_TEXT or _UNSTORABLE.search(text)):
            self.refuse(name, "invalid", _("Give up to 100 ordinary characters."))
            return None
        return text

    def choice(self, name: str, values: Iterable[str]) -> str | None:
        text = self._text(name)
        if text is None or text in frozenset(values):
            return text
        self.refuse(name, "invalid_choice", _("This is not one of the possible values."))
        return None

    def date(self, name: str, *, required: bool = False) -> date | None:
        """A date as YYYY-MM-DD."""
        text = self._text(name, required=required)
        if text is None:
            return None
        try:
            found = parse_date(text) if len(text) == len("2026-01-31") else None
        except ValueError:
            found = None
        if found is None or not 2000 <= found.year <= 2200:  # noqa: PLR2004 - far beyond any horizon
            self.refuse(name, "not_a_date", _("Give a date as YYYY-MM-DD."))
            return None
        return found

    def instant(self, name: str) -> datetime | None:
        """A date and time with an offset from UTC, ISO 8601."""
        text = self._text(name)
        if text is None:
            return None
        try:
            found = parse_datetime(text.replace(" ", "+"))  # an unescaped + arrives as a space
        except ValueError:
            found = None
        if found is None or found.tzinfo is None or not 2000 <= found.year <= 2200:  # noqa: PLR2004 - see date()
            self.refuse(
                name,
                "not_an_instant",
                _("Give a date and time with an offset, such as 2026-01-31T09:00:00+03:00."),
            )
            return None
        return found

    def _text(self, name: str, *, required: bool = False) -> str | None:
        text = self._query.get(name, "").strip()
        if text:
            return text
        if name in self._query:
            self.refuse(name, "empty", _("This parameter is empty."))
        elif required:
            self.refuse(name, "required", _("This parameter is required."))
        return None


def _printable(name: str) -> str:
    """A name that somebody made up, safe to repeat."""
    return _UNSTORABLE.sub("", name)[:60] or "?"
