"""Countries, currencies and time zones that forms offer, and a sensible guess for a visitor."""

import datetime as dt
import re
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Final
from zoneinfo import ZoneInfo

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

_REGION: Final = re.compile(r"\b[a-z]{2,3}[-_]([a-z]{2})\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Country:
    """ISO 3166 `code`, usual ISO 4217 `currency` and the IANA zone of most of its people."""

    code: str
    name: str | Promise
    currency: str
    time_zone: str


COUNTRIES: Final = (
    Country("AM", _("Armenia"), "AMD", "Asia/Yerevan"),
    Country("AT", _("Austria"), "EUR", "Europe/Vienna"),
    Country("AZ", _("Azerbaijan"), "AZN", "Asia/Baku"),
    Country("BY", _("Belarus"), "BYN", "Europe/Minsk"),
    Country("CA", _("Canada"), "CAD", "America/Toronto"),
    Country("CY", _("Cyprus"), "EUR", "Asia/Nicosia"),
    Country("CZ", _("Czechia"), "CZK", "Europe/Prague"),
    Country("EE", _("Estonia"), "EUR", "Europe/Tallinn"),
    Country("FI", _("Finland"), "EUR", "Europe/Helsinki"),
    Country("FR", _("France"), "EUR", "Europe/Paris"),
    Country("GE", _("Georgia"), "GEL", "Asia/Tbilisi"),
    Country("DE", _("Germany"), "EUR", "Europe/Berlin"),
    Country("IE", _("Ireland"), "EUR", "Europe/Dublin"),
    Country("IL", _("Israel"), "ILS", "Asia/Jerusalem"),
    Country("IT", _("Italy"), "EUR", "Europe/Rome"),
    Country("KZ", _("Kazakhstan"), "KZT", "Asia/Almaty"),
    Country("KG", _("Kyrgyzstan"), "KGS", "Asia/Bishkek"),
    Country("LV", _("Latvia"), "EUR", "Europe/Riga"),
    Country("LT", _("Lithuania"), "EUR", "Europe/Vilnius"),
    Country("MD", _("Moldova"), "MDL", "Europe/Chisinau"),
    Country("NL", _("Netherlands"), "EUR", "Europe/Amsterdam"),
    Country("PL", _("Poland"), "PLN", "Europe/Warsaw"),
    Country("PT", _("Portugal"), "EUR", "Europe/Lisbon"),
    Country("RU", _("Russia"), "RUB", "Europe/Moscow"),
    Country("RS", _("Serbia"), "RSD", "Europe/Belgrade"),
    Country("ES", _("Spain"), "EUR", "Europe/Madrid"),
    Country("CH", _("Switzerland"), "CHF", "Europe/Zurich"),
    Country("TR", _("Türkiye"), "TRY", "Europe/Istanbul"),
    Country("AE", _("United Arab Emirates"), "AED", "Asia/Dubai"),
    Country("GB", _("United Kingdom"), "GBP", "Europe/London"),
    Country("US", _("United States"), "USD", "America/New_York"),
    Country("UZ", _("Uzbekistan"), "UZS", "Asia/Tashkent"),
)
_BY_CODE: Final = {country.code: country for country in COUNTRIES}
_DEFAULT_OF_LANGUAGE: Final = {"ru": "RU", "en": "GB"}


def guess_country(*, language: str, accept_language: str) -> Country:
    """Return the country of the first region the browser names (`de-AT` gives Austria), else the language's own."""
    for region in _REGION.findall(accept_language):
        if region.upper() in _BY_CODE:
            return _BY_CODE[region.upper()]
    return _BY_CODE[_DEFAULT_OF_LANGUAGE.get(language, "GB")]


def country_choices() -> list[tuple[str, str]]:
    """Return (code, name) in the order of the current language's names."""
    return sorted(((country.code, str(country.name)) for country in COUNTRIES), key=lambda pair: pair[1])


def currency_choices() -> list[tuple[str, str]]:
    codes = sorted({country.currency for country in COUNTRIES})
    return [(code, code) for code in codes]


def time_zone_choices(now: dt.datetime) -> list[tuple[str, str]]:
    """Return (IANA name, name with today's offset), west to east."""
    pairs = []
    for name in _zone_names():
        offset = now.astimezone(ZoneInfo(name)).strftime("%z")
        sign = "+" if offset[0] == "+" else "−"
        pairs.append((int(offset), name, f"{name.replace('_', ' ')} (UTC{sign}{offset[1:3]}:{offset[3:5]})"))
    return [(name, label) for _offset, name, label in sorted(pairs)]


@lru_cache(maxsize=1)
def _zone_names() -> tuple[str, ...]:
    """Canonical zones of the offered countries, from tzdata's own table."""
    table = (files("tzdata") / "zoneinfo" / "zone1970.tab").read_text(encoding="utf-8")
    names = {country.time_zone for country in COUNTRIES}
    for line in table.splitlines():
        if line and not line.startswith("#"):
            codes, _place, name = line.split("\t")[:3]
            if any(code in _BY_CODE for code in codes.split(",")):
                names.add(name)
    return tuple(sorted(names))
