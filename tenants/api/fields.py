"""Input that is checked for what a database or a name cannot take, and bodies that refuse unknown fields."""

import re
from datetime import UTC, datetime
from typing import Any, Final

from django.core.validators import RegexValidator
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

_LINE: Final = RegexValidator(
    re.compile(r"^[^\x00-\x1f\x7f\u2028\u2029]*$"),
    _("Use one line of ordinary characters."),
    code="invalid_characters",
)
_SHOWN_NAME: Final = 60
FIRST_YEAR: Final = 2000
LAST_YEAR: Final = 2200


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses fields that the operation does not have: nothing is silently dropped, nothing assigned by surprise."""

    def to_internal_value(self, data: object) -> object:
        if isinstance(data, dict):
            unknown = [name for name in data if name not in self.fields]
            if unknown:
                problem = serializers.ErrorDetail(str(_("There is no such field.")), code="unknown_field")
                raise serializers.ValidationError({_shown(name): [problem] for name in unknown})
        return super().to_internal_value(data)


class LineField(serializers.CharField):
    """One line of text without control characters."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.validators.append(_LINE)


class InstantField(serializers.DateTimeField):
    """A date and time with an offset from UTC; without one nobody knows which moment is meant."""

    default_error_messages = {
        "no_offset": _("Give the offset from UTC, such as 2026-01-31T09:00:00+03:00."),
        "out_of_range": _("This date is out of range."),
    }

    def enforce_timezone(self, value: datetime) -> datetime:
        if timezone.is_naive(value):
            self.fail("no_offset")
        if not FIRST_YEAR <= value.year <= LAST_YEAR:
            self.fail("out_of_range")
        return value.astimezone(UTC)


class IdField(serializers.IntegerField):
    """The id of something in the catalogue."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=1, max_value=2**63 - 1, **kwargs)

    def to_internal_value(self, data: object) -> int:
        if isinstance(data, bool) or not isinstance(data, int | str):
            self.fail("invalid")
        return super().to_internal_value(data)


def _shown(name: str) -> str:
    """A name that somebody made up, safe to repeat."""
    return re.sub("[\x00-\x1f\ud800-\udfff]", "", name)[:_SHOWN_NAME] or "?"
