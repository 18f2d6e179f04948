"""Form fields that let people write what the models keep as JSON."""

from __future__ import annotations

import re
from typing import Final
from zoneinfo import available_timezones

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from tenants.clinics.validators import validate_working_hours
from tenants.doctors.transliteration import to_latin

_WINDOW: Final = re.compile(r"^(\d{1,2})[:.](\d{2})\s*[-–—]\s*(\d{1,2})[:.](\d{2})$")
_SEPARATORS: Final = re.compile(r"[,;\n]+")


class LinesField(forms.CharField):
    """A list of texts, one on each line."""

    widget = forms.Textarea

    def __init__(self, **kwargs: object) -> None:
        kwargs.setdefault("widget", forms.Textarea(attrs={"rows": 4}))
        kwargs.setdefault("help_text", _("One on each line."))
        super().__init__(**kwargs)  # type: ignore[arg-type] # passed through

    def prepare_value(self, value: object) -> object:
        return "\n".join(str(line) for line in value) if isinstance(value, list) else value

    def to_python(self, value: object) -> list[str]:  # type: ignore[override] # a list instead of one text
        lines = value if isinstance(value, list) else str(value or "").splitlines()
        return [line.strip() for line in lines if str(line).strip()]


class DayHoursField(forms.CharField):
    """Opening hours of one weekday, such as "08:00-13:00, 14:00-20:00"; empty is closed."""

    def __init__(self, **kwargs: object) -> None:
        kwargs.setdefault("required", False)
        super().__init__(**kwargs)  # type: ignore[arg-type] # passed through

    def prepare_value(self, value: object) -> object:
        if isinstance(value, list):
            return ", ".join("–".join(pair) for pair in value)
        return value

    def to_python(self, value: object) -> list[list[str]]:  # type: ignore[override] # pairs of times
        return parse_windows(str(value or ""))


def parse_windows(text: str) -> list[list[str]]:
    """Read "8:00-13:00, 14:00-20:00" into ascending pairs of HH:MM. Raises ValidationError."""
    windows: list[list[str]] = []
    for part in filter(None, (piece.strip() for piece in _SEPARATORS.split(text))):
        match = _WINDOW.match(part)
        if match is None:
            raise ValidationError(
                _("“%(text)s” is not a pair of times. Example: 08:00–20:00"),
                code="window",
                params={"text": part},
            )
        start_hour, start_minute, end_hour, end_minute = match.groups()
        windows.append([f"{int(start_hour):02d}:{start_minute}", f"{int(end_hour):02d}:{end_minute}"])
    validate_working_hours({"0": windows})
    return windows


def time_zone_choices() -> list[tuple[str, str]]:
    """Return all zones that have a place in their names, by name."""
    return [(name, name.replace("_", " ")) for name in sorted(available_timezones()) if "/" in name]


def unique_slug(*, model: type[Model], text: str, exclude_pk: int | None = None, length: int = 80) -> str:
    """Return an address made from the text that no other row has."""
    base = slugify(to_latin(text))[: length - 4] or model._meta.model_name or "page"
    rows = model._default_manager.filter(slug__startswith=base).exclude(pk=exclude_pk)
    taken = set(rows.values_list("slug", flat=True))
    slug, number = base, 1
    while slug in taken:
        number += 1
        slug = f"{base}-{number}"
    return slug
