"""Template tags of the design system: icons, words for time and money, form widgets, dialogs.

`{% load ui %}`. The list of components with their arguments is the page /_components/ in development.
"""

import datetime as dt
import json
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from django import template
from django.conf import settings
from django.forms import BoundField
from django.forms import widgets as w
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django_vite.core.asset_loader import DjangoViteAssetLoader

from saas.core import formatting

register = template.Library()

_FONT_FILES = {
    "ru": ("onest/files/onest-cyrillic", "onest/files/onest-latin", "literata/files/literata-cyrillic"),
    "en": ("onest/files/onest-latin", "literata/files/literata-latin"),
}
_STATUS_BADGES = {
    "scheduled": ("badge-info", "calendar"),
    "confirmed": ("badge-ok", "check"),
    "completed": ("", "check-check"),
    "cancelled": ("badge-warn", "x"),
    "no_show": ("badge-bad", "user-x"),
}


@cache
def _known_icons() -> frozenset[str]:
    path = Path(settings.ROOT) / "frontend" / "icons.json"
    return frozenset(json.loads(path.read_text(encoding="utf-8")))


@register.simple_tag
def icon(name: str, label: str = "", extra: str = "") -> SafeString:
    """An icon of the sprite; hidden from screen readers unless it has a label.

    Names are those of Lucide; a new one goes into frontend/icons.json. In development an unknown one raises ValueError.
    """
    if settings.DEBUG and name not in _known_icons():
        message = f"Icon {name!r} is not in frontend/icons.json"
        raise ValueError(message)
    url = DjangoViteAssetLoader.instance().generate_vite_asset_url("icons.svg")
    classes = f"icon {extra}".strip()
    if label:
        return format_html(
            '<svg class="{}" width="20" height="20" role="img" aria-label="{}"><use href="{}#{}"/></svg>',
            classes,
            label,
            url,
            name,
        )
    return format_html(
        '<svg class="{}" width="20" height="20" aria-hidden="true"><use href="{}#{}"/></svg>',
        classes,
        url,
        name,
    )


@register.simple_tag
def font_preloads(language: str) -> SafeString:
    """Preload links for the fonts that the first screen needs in this language."""
    files = _FONT_FILES.get(language.split("-", maxsplit=1)[0], _FONT_FILES["en"])
    loader = DjangoViteAssetLoader.instance()
    urls = (
        (loader.generate_vite_asset_url(f"node_modules/@fontsource-variable/{name}-wght-normal.woff2"),)
        for name in files
    )
    return format_html_join(
        "\n", '<link rel="preload" href="{}" as="font" type="font/woff2" crossorigin>', urls
    )


@register.filter
def when(instant: dt.datetime | None, zone: str | dt.tzinfo = "UTC") -> str:
    """`{{ dt|when:clinic.timezone }}`: "вт, 24 ноября, 16:40", "Tue 24 Nov, 16:40"; empty for None."""
    return formatting.format_when(instant, zone=zone) if instant else ""


@register.filter
def when_soon(instant: dt.datetime | None, zone: str | dt.tzinfo = "UTC") -> str:
    """`{{ dt|when_soon:tz }}`: "today, 16:40", "tomorrow, 9:00", later as `when`."""
    return formatting.format_when_soon(instant, zone=zone) if instant else ""


@register.filter
def clock(instant: dt.datetime | None, zone: str | dt.tzinfo = "UTC") -> str:
    """`{{ dt|clock:tz }}`: "16:40" on the zone's clock."""
    return formatting.format_time(instant, zone=zone) if instant else ""


@register.filter
def day(value: dt.date | None) -> str:
    """`{{ date|day }}`: "вт, 24 ноября", "Tue 24 Nov"."""
    return formatting.format_day(value) if value else ""


@register.filter
def long_date(value: dt.date | None) -> str:
    """`{{ date|long_date }}`: "24 ноября 2026", "24 November 2026"."""
    return formatting.format_date(value) if value else ""


@register.filter
def zone_label(zone: str | dt.tzinfo, at: dt.datetime | None = None) -> str:
    """`{{ tz|zone_label:dt }}`: "московское время (UTC+3)"."""
    return formatting.format_zone(zone, at=at)


@register.filter
def minutes(value: int | None) -> str:
    """`{{ 40|minutes }}`: "40 минут", "40 minutes"."""
    return formatting.format_minutes(int(value)) if value is not None else ""


@register.filter
def money(amount: Decimal | float | None, currency: str) -> str:
    """`{{ amount|money:currency }}`: "3 200 ₽", "€45"; empty for None."""
    return formatting.format_money(amount, currency) if amount is not None else ""


@register.filter
def initials(name: str) -> str:
    """Two letters for an avatar without a picture: "Анна Белова" gives "АБ"."""
    return "".join(part[0] for part in str(name).split()[:2]).upper()


@register.filter
def hue_class(name: str) -> str:
    """A stable tint class for a name, so that a list of people without pictures is not one colour."""
    return ("", "tile-icon-warm", "tile-icon-sky", "tile-icon-sun")[sum(map(ord, str(name))) % 4]


@register.inclusion_tag("components/status_badge.html")
def status_badge(status: str, label: str = "") -> dict[str, str]:
    """The badge of an appointment's status; the label defaults to the status in words."""
    words = {
        "scheduled": gettext("Scheduled"),
        "confirmed": gettext("Confirmed"),
        "completed": gettext("Completed"),
        "cancelled": gettext("Cancelled"),
        "no_show": gettext("No-show"),
    }
    style, symbol = _STATUS_BADGES.get(status, ("", "info"))
    return {"style": style, "symbol": symbol, "label": label or words.get(status, status)}


@register.filter
def field_kind(field: BoundField) -> str:
    """How a form field is laid out: "check", "choices", "file", "password" or "text"."""
    widget = field.field.widget
    if isinstance(widget, w.CheckboxInput):
        return "check"
    if isinstance(widget, w.RadioSelect | w.CheckboxSelectMultiple):
        return "choices"
    if isinstance(widget, w.PasswordInput):
        return "password"
    return "text"


@register.simple_tag
def field_widget(field: BoundField) -> SafeString:
    """The field's widget with the design system's class; Django adds aria-describedby and aria-invalid itself."""
    widget = field.field.widget
    kind = field_kind(field)
    name = "form-control"
    if kind == "check":
        name = "form-check-input"
    elif kind == "choices":
        name = "choices"
    elif isinstance(widget, w.Select):
        name = "form-select"
    own = widget.attrs.get("class", "")
    attrs: dict[str, str | bool] = {"class": f"{name} {own}".strip()}
    if isinstance(widget, w.EmailInput | w.PasswordInput):
        attrs["placeholder"] = False  # the visible label says it already
    return field.as_widget(attrs=attrs)


@register.simple_tag(takes_context=True)
def query_with(context: dict[str, Any], **changes: object) -> str:
    """The current query string with some parameters changed: `href="?{% query_with page=2 %}"`; None removes one."""
    query = context["request"].GET.copy()
    for name, value in changes.items():
        if value is None:
            query.pop(name, None)
        else:
            query[name] = str(value)
    return str(query.urlencode())


@register.simple_block_tag
def dialog(content: str, id: str, title: str, kind: str = "") -> SafeString:  # noqa: A002 - HTML's own word
    """A modal (or kind="drawer") around the block's content; opened by components/dialog_button.html."""
    classes = f"dialog {kind}".strip()
    return format_html(
        '<dialog id="{id}" class="{classes}" aria-labelledby="{id}-title" x-data="dialog" @click="backdrop">'
        '<header><h2 class="h3" id="{id}-title">{title}</h2>'
        '<form method="dialog"><button class="btn btn-quiet btn-icon" aria-label="{close}">{x}</button></form></header>'
        '<div class="dialog-body">{content}</div></dialog>',
        id=id,
        classes=classes,
        title=title,
        close=gettext("Close"),
        x=icon("x"),
        content=content,
    )
