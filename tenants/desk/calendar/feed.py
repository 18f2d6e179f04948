"""The sheet as the browser gets it: JSON with wall-clock times of the clinic, names as plain text."""

import datetime as dt
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils import dateformat
from django.utils.translation import get_language, ngettext, npgettext, pgettext
from django.utils.translation import gettext as _

from saas.accounts.models import User
from saas.core.formatting import format_date, format_zone
from tenants.booking.models import Appointment, Claim, ClaimKind, PaymentStatus
from tenants.booking.slots import Window
from tenants.desk.calendar.access import may_change
from tenants.desk.calendar.frame import Frame, View
from tenants.desk.calendar.sheet import Column, Sheet, State, short_name, span_of, state_of, time_off
from tenants.desk.calendar.words import STATES

_USUAL_HOURS: Final = (8, 20)
_LAST_HOUR: Final = 24
_WAITING: Final = frozenset({State.ARRIVED, State.IN_ROOM})
_OPEN: Final = frozenset({State.APPROVAL, State.SCHEDULED, State.CONFIRMED, State.ARRIVED, State.IN_ROOM})


def feed_of(sheet: Sheet, *, user: User, now: dt.datetime) -> dict[str, Any]:
    """Return what the calendar's script draws. Times are `YYYY-MM-DDTHH:MM` on the clinic's clock."""
    frame = sheet.frame
    zone = frame.zone
    return {
        "version": sheet.version,
        "date": frame.date.isoformat(),
        "today": frame.today.isoformat(),
        "days": [day.isoformat() for day in frame.days],
        "title": title_of(frame),
        "clinic": frame.clinic.pk,
        "view": frame.view.value,
        "by": frame.by.value,
        "column": sheet.columns[0].resource.pk if frame.view == View.WEEK and sheet.columns else frame.column,
        "offset": _offset(frame, now),
        "zone": str(format_zone(zone, at=frame.starts_at)),
        "now": _local(now, zone),
        "hours": list(_hours(sheet)),
        "states": {state.value: str(word) for state, word in STATES.items()},
        "columns": [_column(column, user=user) for column in sheet.columns],
        "choices": [{"id": choice.resource.pk, "title": choice.title} for choice in sheet.choices],
        "off": [
            {"column": column.resource.pk, "start": _local(begin, zone), "end": _local(end, zone)}
            for column in sheet.columns
            for begin, end in time_off(column.windows, since=frame.starts_at, until=frame.ends_at)
        ],
        "visits": [
            _visit(visit, sheet.places[visit.pk], zone=zone)
            for visit in sheet.visits
            if visit.session_id is None
        ],
        "busy": [_busy(claim, zone=zone) for claim in sheet.claims if claim.appointment_id is None],
        "numbers": numbers_of(sheet),
    }


def numbers_of(sheet: Sheet) -> list[dict[str, str | int]]:
    """Return the numbers over the calendar: how many visits, and how far they are. `key` names each for the style."""
    states = [state_of(visit) for visit in sheet.visits]
    total, done = len(states), states.count(State.COMPLETED)
    waiting, absent = sum(state in _WAITING for state in states), states.count(State.NO_SHOW)
    unconfirmed = states.count(State.SCHEDULED) + states.count(State.APPROVAL)
    rows: list[dict[str, str | int]] = [
        {"key": "visits", "value": total, "label": npgettext("desk", "visit", "visits", total)},
        {"key": "done", "value": done, "label": ngettext("is done", "are done", done)},
        {"key": "waiting", "value": waiting, "label": ngettext("is here", "are here", waiting)},
        {
            "key": "unconfirmed",
            "value": unconfirmed,
            "label": npgettext("desk", "not confirmed", "are not confirmed", unconfirmed),
        },
        {
            "key": "absent",
            "value": absent,
            "label": npgettext("desk", "did not come", "people did not come", absent),
        },
    ]
    load = _load(sheet)
    if load is not None:
        rows.append({"key": "load", "value": f"{load}\u00a0%", "label": pgettext("working time", "booked")})
    return rows


def _load(sheet: Sheet) -> int | None:
    """Return how many percent of the working time visits take; None where nobody works."""
    work = sum(((w.ends_at - w.starts_at) for w in _doctors_windows(sheet)), dt.timedelta())
    if not work:
        return None
    booked = sum(((visit.ends_at - visit.appointment_date) for visit in sheet.visits), dt.timedelta())
    return min(100, round(100 * booked / work))


def _column(column: Column, *, user: User) -> dict[str, Any]:
    doctor_id = column.resource.doctor_id
    return {
        "id": column.resource.pk,
        "kind": column.resource.kind,
        "doctor": doctor_id,
        "title": column.title,
        "note": column.note,
        "photo": column.photo_url,
        "works": doctor_id is None or bool(column.windows),
        "editable": may_change(user, is_own=column.is_own),
    }


def _visit(visit: Appointment, columns: list[int], *, zone: ZoneInfo) -> dict[str, Any]:
    state = state_of(visit)
    return {
        "id": str(visit.public_id),
        "columns": columns,
        "start": _local(visit.appointment_date, zone),
        "end": _local(visit.ends_at, zone),
        "version": visit.version,
        "state": state.value,
        "open": state in _OPEN,
        "patient": short_name(visit.patient.last_name, visit.patient.first_name),
        "service": visit.service.name,
        "colour": visit.service_id % 8,
        "paid": visit.payment_status == PaymentStatus.PAID,
        "alert": bool(visit.patient.alerts),
        "overbooked": visit.overbooked,
    }


def _busy(claim: Claim, *, zone: ZoneInfo) -> dict[str, Any]:
    """Return blocked time, a hold or a group session."""
    begin, end = span_of(claim)
    row: dict[str, Any] = {
        "id": f"{claim.kind}-{claim.pk}",
        "pk": claim.pk,
        "kind": claim.kind,
        "column": claim.resource_id,
        "start": _local(begin, zone),
        "end": _local(end, zone),
        "title": claim.reason,
    }
    session = claim.session
    if session is not None:
        row |= {
            "kind": "session",
            "title": session.service.name,
            "note": _("%(taken)d of %(capacity)d seats")
            % {"taken": session.taken, "capacity": session.capacity},
            "url": reverse("desk:calendar_session", args=[session.public_id]),
        }
    elif claim.kind == ClaimKind.HOLD and claim.expires_at is not None:
        row["until"] = claim.expires_at.isoformat()
        row["title"] = str(claim.hold.get_purpose_display()) if claim.hold is not None else ""
    return row


def _hours(sheet: Sheet) -> tuple[int, int]:
    """Return the first and the last hour of the clock shown: the usual ones, more where somebody works or comes."""
    zone = sheet.frame.zone
    begin, end = _USUAL_HOURS
    spans = [(w.starts_at, w.ends_at) for w in _doctors_windows(sheet)]
    if spans:
        begin, end = _LAST_HOUR, 0
    spans += [(visit.appointment_date, visit.ends_at) for visit in sheet.visits]
    spans += [span_of(claim) for claim in sheet.claims if claim.kind != ClaimKind.BLOCK]
    for starts_at, ends_at in spans:
        first, last = starts_at.astimezone(zone), ends_at.astimezone(zone)
        if last.date() != first.date():
            begin, end = (min(begin, first.hour), _LAST_HOUR) if last.hour == 0 else (0, _LAST_HOUR)
            continue
        begin = min(begin, first.hour)
        end = max(end, last.hour + (1 if last.minute else 0))
    return (begin, end) if begin < end else _USUAL_HOURS


def _doctors_windows(sheet: Sheet) -> list[Window]:
    """Rooms can be used all day and all night, which tells nothing about the day."""
    return [
        window
        for column in sheet.columns
        if column.resource.doctor_id is not None
        for window in column.windows
    ]


def title_of(frame: Frame) -> str:
    """Return the shown date in words: "Tuesday 24 November", "23 November 2026 – 29 November 2026"."""
    if frame.view == View.WEEK:
        first, last = frame.days[0], frame.days[-1]
        whole = format_date(last)
        if first.month == last.month:
            return f"{first.day}–{whole}"
        return f"{dateformat.format(first, 'j E' if first.year == last.year else 'j E Y')} – {whole}"
    russian = (get_language() or "").startswith("ru")
    year = "" if frame.date.year == frame.today.year else " Y"
    words = dateformat.format(frame.date, f"l, j E{year}" if russian else f"l j F{year}")
    return words[:1].upper() + words[1:]


def _offset(frame: Frame, now: dt.datetime) -> str:
    """Return the zone's UTC offset now, as "+03:00": from it the script finds today and the line of the hour."""
    text = now.astimezone(frame.zone).strftime("%z")
    return f"{text[:3]}:{text[3:5]}"


def _local(instant: dt.datetime, zone: ZoneInfo) -> str:
    return instant.astimezone(zone).strftime("%Y-%m-%dT%H:%M")
