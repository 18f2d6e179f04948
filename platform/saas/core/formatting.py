"""Words for instants, days, lengths and money, in the language that is active or asked for.

Pure functions: no database, no request. Names of days and months come from Django's own locale data.
"""

import datetime as dt
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from django.utils import dateformat, timezone, translation
from django.utils.translation import get_language, gettext, gettext_lazy, ngettext

NBSP = "\u00a0"
MINUTES_IN_HOUR = 60
MINUTES_IN_DAY = 24 * MINUTES_IN_HOUR

# Django dateformat patterns: D and E give "Вт" and "ноября" in Russian, D and M give "Tue" and "Nov" in English.
_DAY = {"ru": "D, j E", "en": "D j M"}
_DAY_YEAR = {"ru": "D, j E Y", "en": "D j M Y"}
_DATE = {"ru": "j E Y", "en": "j F Y"}

_SYMBOLS = {
    "RUB": "₽",
    "EUR": "€",
    "USD": "$",
    "GBP": "£",
    "KZT": "₸",
    "UAH": "₴",
    "TRY": "₺",
    "GEL": "₾",
    "AMD": "֏",
}
_NO_MINOR_UNITS = {"JPY", "KRW", "VND", "CLP"}

_ZONE_NAMES = {
    "Europe/Kaliningrad": gettext_lazy("Kaliningrad time"),
    "Europe/Moscow": gettext_lazy("Moscow time"),
    "Europe/Samara": gettext_lazy("Samara time"),
    "Asia/Yekaterinburg": gettext_lazy("Yekaterinburg time"),
    "Asia/Omsk": gettext_lazy("Omsk time"),
    "Asia/Novosibirsk": gettext_lazy("Novosibirsk time"),
    "Asia/Krasnoyarsk": gettext_lazy("Krasnoyarsk time"),
    "Asia/Irkutsk": gettext_lazy("Irkutsk time"),
    "Asia/Yakutsk": gettext_lazy("Yakutsk time"),
    "Asia/Vladivostok": gettext_lazy("Vladivostok time"),
    "Asia/Magadan": gettext_lazy("Magadan time"),
    "Asia/Kamchatka": gettext_lazy("Kamchatka time"),
    "Europe/Berlin": gettext_lazy("Berlin time"),
    "Europe/London": gettext_lazy("London time"),
    "Europe/Paris": gettext_lazy("Paris time"),
    "Asia/Almaty": gettext_lazy("Almaty time"),
    "Europe/Minsk": gettext_lazy("Minsk time"),
    "UTC": gettext_lazy("UTC"),
}


def _language(language: str | None) -> str:
    code = (language or get_language() or "en").split("-")[0].lower()
    return code if code in _DAY else "en"


def _words(moment: dt.date, patterns: dict[str, str], language: str | None) -> str:
    code = _language(language)
    with translation.override(code):
        text = dateformat.format(moment, patterns[code])
    return text[:1].lower() + text[1:] if code == "ru" else text


def as_zone(zone: str | dt.tzinfo) -> dt.tzinfo:
    """A zone from its IANA name; a tzinfo passes through. Raises ZoneInfoNotFoundError for an unknown name."""
    return ZoneInfo(zone) if isinstance(zone, str) else zone


def format_time(instant: dt.datetime, *, zone: str | dt.tzinfo) -> str:
    """Wall-clock time in the zone, "9:20"; 24 hours in every language."""
    local = instant.astimezone(as_zone(zone))
    return f"{local.hour}:{local.minute:02d}"


def format_day(day: dt.date, *, language: str | None = None, today: dt.date | None = None) -> str:
    """A calendar day in words, "вт, 24 ноября" or "Tue 24 Nov"; with the year when it is not `today`'s."""
    this_year = (today or timezone.now().date()).year
    return _words(day, _DAY if day.year == this_year else _DAY_YEAR, language)


def format_date(day: dt.date, *, language: str | None = None) -> str:
    """A date without its weekday, "24 ноября 2026" or "24 November 2026"."""
    return _words(day, _DATE, language)


def format_when(
    instant: dt.datetime,
    *,
    zone: str | dt.tzinfo,
    language: str | None = None,
    now: dt.datetime | None = None,
) -> str:
    """An instant in words on the zone's clock, "вт, 24 ноября, 16:40" or "Tue 24 Nov, 16:40"."""
    tzinfo = as_zone(zone)
    today = (now or timezone.now()).astimezone(tzinfo).date()
    day = format_day(instant.astimezone(tzinfo).date(), language=language, today=today)
    return f"{day}, {format_time(instant, zone=tzinfo)}"


def format_when_soon(
    instant: dt.datetime,
    *,
    zone: str | dt.tzinfo,
    language: str | None = None,
    now: dt.datetime | None = None,
) -> str:
    """Like `format_when`, but "today, 16:40" and "tomorrow, 9:00" for the zone's nearest two days."""
    tzinfo = as_zone(zone)
    today = (now or timezone.now()).astimezone(tzinfo).date()
    ahead = (instant.astimezone(tzinfo).date() - today).days
    if ahead not in {0, 1}:
        return format_when(instant, zone=tzinfo, language=language, now=now)
    with translation.override(_language(language)):
        word = gettext("today") if ahead == 0 else gettext("tomorrow")
    return f"{word}, {format_time(instant, zone=tzinfo)}"


def format_zone(zone: str | dt.tzinfo, *, at: dt.datetime | None = None, language: str | None = None) -> str:
    """Whose clock it is and its offset at that instant: "Moscow time (UTC+3)", "московское время (UTC+3)"."""
    tzinfo = as_zone(zone)
    key = str(tzinfo)
    offset = (at or timezone.now()).astimezone(tzinfo).utcoffset() or dt.timedelta()
    minutes = int(offset.total_seconds()) // 60
    hours, rest = divmod(abs(minutes), MINUTES_IN_HOUR)
    sign = "−" if minutes < 0 else "+"
    label = f"UTC{sign}{hours}" + (f":{rest:02d}" if rest else "")
    with translation.override(_language(language)):
        name = _ZONE_NAMES.get(key)
        if name is None:
            city = key.rsplit("/", 1)[-1].replace("_", " ")
            return gettext("local time, %(city)s (%(offset)s)") % {"city": city, "offset": label}
        return f"{name} ({label})"


def format_minutes(minutes: int, *, language: str | None = None) -> str:
    """A length in words: "40 minutes", "1 hour 30 minutes", "2 days"; "40 минут" in Russian."""
    days, rest = divmod(minutes, MINUTES_IN_DAY)
    hours, left = divmod(rest, MINUTES_IN_HOUR)
    parts: list[str] = []
    with translation.override(_language(language)):
        if days:
            parts.append(ngettext("%(count)s day", "%(count)s days", days) % {"count": days})
        if hours:
            parts.append(ngettext("%(count)s hour", "%(count)s hours", hours) % {"count": hours})
        if left or not parts:
            parts.append(ngettext("%(count)s minute", "%(count)s minutes", left) % {"count": left})
    return " ".join(part.replace(" ", NBSP) for part in parts)


def format_number(value: Decimal | float, *, language: str | None = None, places: int = 0) -> str:
    """A number with the language's group and decimal marks: "3 200,50" or "3,200.50"."""
    quantum = Decimal(1).scaleb(-places)
    number = Decimal(str(value)).quantize(quantum, rounding=ROUND_HALF_UP)
    text = f"{number:,.{places}f}".replace("-", "−")
    if _language(language) == "ru":
        return text.replace(",", NBSP).replace(".", ",")
    return text


def format_money(amount: Decimal | float, currency: str, language: str | None = None) -> str:
    """Money as people write it: "3 200 ₽" in Russian, "€45" in English; minor units only when there are any."""
    value = Decimal(str(amount))
    places = 0 if currency in _NO_MINOR_UNITS or value == value.to_integral_value() else 2
    symbol = _SYMBOLS.get(currency, currency)
    number = format_number(abs(value), language=language, places=places)
    sign = "−" if value < 0 else ""
    if _language(language) == "ru" or len(symbol) > 1:
        return f"{sign}{number}{NBSP}{symbol}"
    return f"{sign}{symbol}{number}"
