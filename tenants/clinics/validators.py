"""Shapes of the JSON fields and names that a clinic carries."""

from datetime import time
from typing import Final, cast
from zoneinfo import available_timezones

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

_LATITUDE: Final = 90
_LONGITUDE: Final = 180


def validate_time_zone(value: str) -> None:
    """Accept IANA names only. Raises ValidationError."""
    if value not in available_timezones():
        raise ValidationError(
            _("“%(zone)s” is not a time zone. Example: Europe/Moscow."), params={"zone": value}
        )


def validate_working_hours(value: object) -> None:
    """Accept `{"0": [["08:00", "20:00"], ...], ...}`: weekday (0 Monday) to non-overlapping, ascending pairs."""
    if not isinstance(value, dict):
        raise ValidationError(_("Opening hours must be an object of weekdays."))
    for day, windows in value.items():
        if day not in {"0", "1", "2", "3", "4", "5", "6"} or not isinstance(windows, list):
            raise ValidationError(
                _("“%(day)s” is not a weekday from 0 (Monday) to 6 (Sunday)."), params={"day": day}
            )
        previous: time | None = None
        for window in windows:
            start, end = _pair(window)
            if end <= start or (previous is not None and start < previous):
                raise ValidationError(_("Opening hours must end after they begin and must not overlap."))
            previous = end


def validate_coordinates(value: object) -> None:
    """Accept `{"lat": -90..90, "lon": -180..180}`."""
    try:
        latitude, longitude = float(value["lat"]), float(value["lon"])  # type: ignore[index] # other shapes are caught below
    except (TypeError, KeyError, ValueError) as error:
        raise ValidationError(_('Coordinates look like {"lat": 55.78, "lon": 37.59}.')) from error
    if not (-_LATITUDE <= latitude <= _LATITUDE and -_LONGITUDE <= longitude <= _LONGITUDE):
        raise ValidationError(_("These coordinates are not on Earth."))


def _pair(window: object) -> tuple[time, time]:
    try:
        first, last = cast("list[str]", window)
        return time.fromisoformat(first), time.fromisoformat(last)
    except (TypeError, ValueError) as error:
        raise ValidationError(_("Each opening is a pair of times such as 08:00 and 20:00.")) from error
