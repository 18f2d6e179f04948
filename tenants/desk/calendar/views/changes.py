"""Changes made by hand in the calendar: the script sends them and draws what comes back.

Every answer is JSON. What a rule refuses comes back as `code`, `message` and `alternatives`, with the status of
the refusal; the script then puts the visit back where it was.
"""

import datetime as dt
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, Final, ParamSpec
from uuid import UUID

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from saas.accounts.models import User
from saas.core.errors import DomainError, Forbidden, NotFound
from saas.core.formatting import format_day, format_time
from tenants.audit.actions import actor_of
from tenants.booking.actions import (
    block_time,
    cancel_appointment,
    move_block,
    reschedule_appointment,
    unblock_time,
)
from tenants.booking.actions.progressing import restore_appointment
from tenants.booking.actions.rooming import close_room, move_to_room
from tenants.booking.errors import BlockNotFound
from tenants.booking.models import Appointment, Claim, ClaimKind, Resource
from tenants.booking.selectors import nearest_slots
from tenants.clinics.models import Clinic
from tenants.desk.access import for_staff
from tenants.desk.calendar.access import (
    require_change,
    require_resource_change,
    require_room_change,
    staff_of,
    visit_for,
)
from tenants.desk.calendar.forms import BlockForm, MoveForm, ReasonForm, cleaned
from tenants.desk.calendar.frame import instant_of

ALTERNATIVES: Final = 3
_BAD_FORM: Final = 400
_NO_OTHER_TIME_HELPS: Final = frozenset(
    {
        *("stale_version", "wrong_status", "forbidden", "appointment_not_found"),
        *("room_taken", "room_closed", "wrong_room", "room_unknown"),
    }
)

_P = ParamSpec("_P")
_View = Callable[Concatenate[HttpRequest, _P], HttpResponse]


def answering(view: _View[_P]) -> Callable[Concatenate[HttpRequest, _P], HttpResponseBase]:
    """Let staff post, and put refusals into JSON."""

    @wraps(view)
    def answered(request: HttpRequest, /, *args: _P.args, **kwargs: _P.kwargs) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except DomainError as error:
            return refusal(error)
        except PermissionDenied:
            return refusal(Forbidden())
        except ValidationError as error:
            return JsonResponse(
                {"code": "invalid", "message": " ".join(error.messages), "alternatives": []}, status=_BAD_FORM
            )

    return never_cache(for_staff(require_POST(answered)))


def refusal(error: DomainError, *, alternatives: list[dict[str, Any]] | None = None) -> JsonResponse:
    """Return the JSON of a refusal."""
    body = {"code": error.code, "message": str(error), "alternatives": alternatives or []}
    return JsonResponse(body, status=error.status)


@answering
def move(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Move a visit, give it another doctor, another length or another room."""
    user, now = staff_of(request), timezone.now()
    visit = visit_for(user, public_id)
    require_change(user, doctor_id=visit.doctor_id)
    data = cleaned(MoveForm(request.POST))
    doctor_id = data["doctor"] or visit.doctor_id
    require_change(user, doctor_id=doctor_id)
    starts_at = instant_of(data["start"], visit.clinic.zone) if data["start"] else visit.appointment_date
    facts: dict[str, Any] = {
        "public_id": public_id,
        "starts_at": starts_at,
        "minutes": data["minutes"],
        "expected_version": data["version"],
        "actor": actor_of(request),
        "now": now,
    }
    if data["room"] is not None:
        require_room_change(user)
    try:
        if data["room"] is None:
            moved = reschedule_appointment(**facts, doctor_id=doctor_id, for_staff=True)
        else:
            moved = move_to_room(**facts, room_id=data["room"], instead_of=data["leaves"])
    except DomainError as error:
        if error.code in _NO_OTHER_TIME_HELPS:
            raise
        return refusal(error, alternatives=_alternatives(visit, doctor_id, starts_at, now))
    return JsonResponse({"id": str(moved.public_id), "version": moved.version})


@answering
def undo_booking(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Take back a visit that has just been booked: it is cancelled, at the version it was booked with."""
    user = staff_of(request)
    visit = visit_for(user, public_id)
    require_change(user, doctor_id=visit.doctor_id)
    data = cleaned(ReasonForm(request.POST))
    cancelled = cancel_appointment(
        public_id=public_id,
        reason=data["reason"],
        expected_version=data["version"],
        actor=actor_of(request),
        now=timezone.now(),
        for_staff=True,
    )
    return JsonResponse({"id": str(cancelled.public_id), "version": cancelled.version})


@answering
def restore(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Take back what ended a visit: it was cancelled, completed or missed by a slip."""
    user = staff_of(request)
    require_change(user, doctor_id=visit_for(user, public_id).doctor_id)
    data = cleaned(ReasonForm(request.POST))
    restored = restore_appointment(
        public_id=public_id, expected_version=data["version"], actor=actor_of(request), now=timezone.now()
    )
    return JsonResponse({"id": str(restored.public_id), "version": restored.version})


@answering
def block(request: HttpRequest) -> HttpResponse:
    """Close time of a doctor, a room or a device."""
    user = staff_of(request)
    data = cleaned(BlockForm(request.POST))
    _require_column(user, data)
    zone = _clinic(data["clinic"]).zone
    facts: dict[str, Any] = {
        "starts_at": instant_of(data["start"], zone),
        "ends_at": instant_of(data["end"], zone),
        "reason": data["reason"],
        "actor": actor_of(request),
    }
    if data["resource"] is not None:
        made = close_room(room_id=data["resource"], **facts).block
    else:
        made = block_time(doctor_id=data["doctor"], clinic_id=data["clinic"], **facts)
    return JsonResponse({"pk": made.pk}, status=201)


@answering
def block_moved(request: HttpRequest, pk: int) -> HttpResponse:
    """Move blocked time, or make it longer or shorter."""
    user = staff_of(request)
    data = cleaned(BlockForm(request.POST))
    require_resource_change(user, _block(pk).resource)
    _require_column(user, data)
    zone = _clinic(data["clinic"]).zone
    moved = move_block(
        claim_id=pk,
        doctor_id=data["doctor"],
        resource_id=data["resource"],
        starts_at=instant_of(data["start"], zone),
        ends_at=instant_of(data["end"], zone),
        actor=actor_of(request),
    )
    return JsonResponse({"pk": moved.pk})


@answering
def block_removed(request: HttpRequest, pk: int) -> HttpResponse:
    """Open blocked time again."""
    require_resource_change(staff_of(request), _block(pk).resource)
    unblock_time(claim_id=pk, actor=actor_of(request))
    return JsonResponse({"pk": pk})


def _require_column(user: User, data: dict[str, Any]) -> None:
    """Let the user change the column that was named. A doctor is named by the doctor, never by the resource."""
    if data["resource"] is None:
        require_change(user, doctor_id=data["doctor"])
        return
    require_room_change(user)
    if not Resource.objects.filter(pk=data["resource"], doctor=None).exists():
        raise NotFound(code="room_unknown")


def _clinic(pk: int) -> Clinic:
    clinic = Clinic.objects.filter(pk=pk).first()
    if clinic is None:
        raise NotFound(code="clinic_unknown")
    return clinic


def _block(pk: int) -> Claim:
    claims = Claim.objects.select_related("resource")
    found = claims.filter(pk=pk, kind=ClaimKind.BLOCK, active=True).first()
    if found is None:
        raise BlockNotFound
    return found


def _alternatives(
    visit: Appointment, doctor_id: int, around: dt.datetime, now: dt.datetime
) -> list[dict[str, Any]]:
    """Return the nearest free times with that doctor, in the words of a button."""
    zone = visit.clinic.zone
    slots = nearest_slots(
        doctor_id=doctor_id,
        service_id=visit.service_id,
        clinic_id=visit.clinic_id,
        time_zone=visit.clinic.time_zone,
        around=around,
        limit=ALTERNATIVES,
        now=now,
        for_staff=True,
    )
    day = around.astimezone(zone).date()
    return [
        {
            "start": slot.starts_at.astimezone(zone).strftime("%Y-%m-%dT%H:%M"),
            "doctor": doctor_id,
            "label": slot.label
            if slot.local_date == day
            else f"{format_day(slot.local_date)}, {format_time(slot.starts_at, zone=zone)}",
        }
        for slot in slots
    ]
