"""Reading and answering the pages of visits booked together, as a browser would."""

from __future__ import annotations

import datetime as dt
from typing import Any

from bs4 import BeautifulSoup, Tag
from django.utils import timezone

from tests.factories import Bookable

DAY = dt.timedelta(days=1)
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


def series_path(bookable: Bookable) -> str:
    return f"/desk/repeating/patients/{bookable.patient.public_id}/series/"


def chain_path(bookable: Bookable) -> str:
    return f"/desk/repeating/patients/{bookable.patient.public_id}/visit/"


def coming(days: int, hour: int = 10) -> dt.datetime:
    """An hour of a coming day, in UTC, which is the zone of the open clinic."""
    day = timezone.now().date() + days * DAY
    return dt.datetime.combine(day, dt.time(hour), tzinfo=dt.UTC)


def wanted(bookable: Bookable, **changes: Any) -> dict[str, Any]:
    """The form: four days in a row, written by hand."""
    return {
        "service": bookable.service.pk,
        "doctor": bookable.doctor.pk,
        "clinic": bookable.clinic.pk,
        "kind": "dates",
        "dates": [f"{coming(days):%Y-%m-%dT%H:%M}" for days in (2, 3, 4, 5)],
        "notes": "massage course",
        **changes,
    }


def page_of(response: Any) -> BeautifulSoup:
    return BeautifulSoup(response.content, "lxml")


def sheet_of(response: Any) -> dict[str, Any]:
    """What a browser would send of the sheet: hidden fields, ticked boxes, nothing chosen for conflicts."""
    form = page_of(response).select_one("form.repeat-sheet")
    assert form is not None, response.content.decode()
    found: dict[str, Any] = {}
    for field in form.select("input[name]"):
        kind = field.get("type")
        if kind in {"radio", "checkbox"} and not field.has_attr("checked"):
            continue
        name, value = str(field["name"]), field.get("value", "")
        found[name] = [*found[name], value] if name in found else [value]
    return found


def refused_rows(response: Any) -> list[Tag]:
    return list(page_of(response).select("li.repeat-row.is-refused"))


def offers_of(row: Tag) -> list[tuple[str, str]]:
    return [(str(each["name"]), str(each["value"])) for each in row.select("input[type=radio]")]
