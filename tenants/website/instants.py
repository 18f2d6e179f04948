"""How days and instants are written in the site's addresses."""

import datetime as dt

from django.utils.translation import gettext_lazy as _

from saas.core.errors import DomainError

_FIRST_YEAR, _LAST_YEAR = 2000, 2200
_FORMAT = "%Y-%m-%dT%H:%MZ"


class BadAddress(DomainError):
    """A part of the address is damaged: nobody gets there by following our links."""

    status = 400
    code = "bad_address"
    message = _("Part of this address is damaged. Please choose the day and time again.")


def write_instant(instant: dt.datetime) -> str:
    """Return the instant as the `at` parameter, in UTC to the minute."""
    return instant.astimezone(dt.UTC).strftime(_FORMAT)


def read_instant(text: str) -> dt.datetime:
    """Return the aware UTC instant of an `at` parameter. Raises BadAddress; a time without zone is refused too."""
    try:
        instant = dt.datetime.fromisoformat(text)
        if instant.tzinfo is None:
            raise BadAddress
        return instant.astimezone(dt.UTC)
    except (ValueError, OverflowError) as error:
        raise BadAddress from error


def read_day(text: str) -> dt.date:
    """Return the date of a `day` or `from` parameter. Raises BadAddress."""
    try:
        day = dt.date.fromisoformat(text)
    except ValueError as error:
        raise BadAddress from error
    if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        raise BadAddress
    return day


def read_month(text: str) -> dt.date:
    """Return the first day of a `month` parameter, written YYYY-MM. Raises BadAddress."""
    return read_day(f"{text}-01")
