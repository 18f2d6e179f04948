"""Closing a room for a while: what takes place in it then, where that can go, and doing both at once."""

import datetime as dt
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from saas.core.errors import DomainError
from tenants.audit.actions import actor_of
from tenants.booking.actions.rooming import ClosedRoom, close_room
from tenants.booking.models import Resource
from tenants.booking.selectors.rooms import RoomVisit, visits_in_room
from tenants.clinics.models import Clinic
from tenants.desk.access import for_reception
from tenants.desk.calendar.access import require_room_change, staff_of
from tenants.desk.calendar.forms import RoomForm
from tenants.desk.calendar.frame import instant_of
from tenants.desk.calendar.views.answers import REFUSED, block_panel, changed, gone

_USUAL: Final = dt.timedelta(hours=1)
_LONGEST: Final = dt.timedelta(days=366)
_LOCAL: Final = "%Y-%m-%dT%H:%M"


@never_cache
@for_reception
@require_http_methods(["GET", "HEAD", "POST"])
def close(request: HttpRequest, pk: int) -> HttpResponse:
    """The panel that closes a room or device: when, why, and what happens to the visits in it."""
    require_room_change(staff_of(request))
    room = Resource.objects.select_related("clinic").filter(pk=pk, doctor=None, is_active=True).first()
    if room is None or room.clinic is None:
        return gone(request, None)
    if request.method != "POST":
        return _panel(request, room, RoomForm(_asked(request.GET.dict(), room.clinic)))
    form = RoomForm(request.POST)
    span = _span(form, room.clinic)
    if span is None:
        return _panel(request, room, form, status=REFUSED)
    try:
        closed = close_room(
            room_id=room.pk,
            starts_at=span[0],
            ends_at=span[1],
            reason=form.cleaned_data["reason"],
            move_visits="move" in request.POST,
            actor=actor_of(request),
        )
    except DomainError as error:
        return _panel(request, room, form, problem=str(error), status=error.status)
    return changed(block_panel(request, closed.block), message=_message(closed), undo=_undo(closed))


def _asked(query: dict[str, str], clinic: Clinic) -> dict[str, str]:
    """Return what the form begins with: the time under the cursor, for an hour unless it says how long."""
    data = {name: query.get(name, "") for name in ("start", "end", "reason")}
    try:
        start = dt.datetime.fromisoformat(data["start"]).replace(tzinfo=None, second=0, microsecond=0)
    except ValueError:
        start = timezone.now().astimezone(clinic.zone).replace(tzinfo=None, second=0, microsecond=0)
    data["start"] = start.strftime(_LOCAL)
    data["end"] = data["end"] or (start + _USUAL).strftime(_LOCAL)
    return data


def _span(form: RoomForm, clinic: Clinic) -> tuple[dt.datetime, dt.datetime] | None:
    """Return the instants that the form means; None with its errors when it makes no sense."""
    if not form.is_valid():
        return None
    found = []
    for name in ("start", "end"):
        try:
            found.append(instant_of(form.cleaned_data[name], clinic.zone))
        except (ValidationError, OverflowError) as error:
            form.add_error(name, error if isinstance(error, ValidationError) else _("Choose another date."))
            return None
    if found[1] - found[0] > _LONGEST:
        form.add_error("end", _("Longer than a year."))
        return None
    return found[0], found[1]


def _panel(
    request: HttpRequest, room: Resource, form: RoomForm, *, problem: str = "", status: int = 200
) -> HttpResponse:
    impact: list[RoomVisit] = []
    span = _span(form, room.clinic) if room.clinic is not None and not form.errors else None
    if span is not None:
        impact = visits_in_room(room.pk, *span)
    context: dict[str, Any] = {
        "room": room,
        "form": form,
        "impact": impact,
        "stuck": sum(each.other is None for each in impact),
        "can_close": span is not None and all(each.other is not None for each in impact),
        "problem": problem,
    }
    return render(request, "tenants/desk/calendar/_room.html", context, status=status)


def _message(closed: ClosedRoom) -> str:
    count = len(closed.moved)
    if not count:
        return _("The room is closed.")
    return ngettext(
        "The room is closed, %(count)d visit is in another one.",
        "The room is closed, %(count)d visits are in other ones.",
        count,
    ) % {"count": count}


def _undo(closed: ClosedRoom) -> dict[str, Any]:
    """Return what the script sends back to open the room again; visits return to it, sessions stay where they are."""
    return {
        "kind": "closed",
        "pk": closed.block.pk,
        "moved": [
            {
                "id": str(each.public_id),
                "room": each.from_room,
                "leaves": each.to_room,
                "version": each.version,
            }
            for each in closed.moved
            if not each.is_session
        ],
    }
