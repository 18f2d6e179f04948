"""Answers that the panels beside the calendar share."""

import datetime as dt
import json
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from saas.accounts.models import User
from saas.accounts.roles import Role
from saas.core.errors import DomainError
from tenants.booking.models import Appointment, Claim, ClaimKind, PaymentMethod, PaymentStatus
from tenants.booking.selectors import Slot, nearest_slots
from tenants.booking.selectors.rooms import rooms_held
from tenants.clinics.models import Clinic
from tenants.desk.calendar.access import may_change, staff_of
from tenants.desk.calendar.sheet import State, state_of
from tenants.desk.calendar.steps import STEPS, TO_COME
from tenants.desk.calendar.words import BADGES, STATES
from tenants.desk.cards.finding import age_on
from tenants.desk.repeating.booking import place_of_visit
from tenants.doctors.models import Doctor

NEAREST: Final = 3
_OVER: Final = frozenset({State.COMPLETED, State.NO_SHOW, State.CANCELLED})
REFUSED: Final = 422


def visit_panel(
    request: HttpRequest, visit: Appointment, *, problem: str = "", status: int = 200
) -> HttpResponse:
    user, now = staff_of(request), timezone.now()
    state = state_of(visit)
    changeable = may_change(user, is_own=is_own(user, visit.doctor))
    is_to_come = state in TO_COME
    steps = []
    if changeable:
        steps = [
            {"action": action, "label": step.label, "icon": step.icon}
            for action, step in STEPS.items()
            if state in step.states and (not step.after_start or visit.appointment_date <= now)
        ]
    context = {
        "visit": visit,
        "state": state.value,
        "word": STATES[state],
        "badge": BADGES[state],
        "steps": steps,
        "may_pay": changeable
        and visit.payment_status == PaymentStatus.PENDING
        and state not in {State.CANCELLED, State.NO_SHOW},
        "payment_methods": PaymentMethod.choices,
        "may_move": changeable and is_to_come and visit.session_id is None,
        "may_cancel": changeable and is_to_come,
        "nearest": choices_of(
            nearest_to(visit.doctor_id, visit.service_id, visit.clinic, now, now), visit.clinic
        )
        if changeable and is_to_come and visit.session_id is None
        else [],
        "rooms": rooms_held(visit) if visit.session_id is None and state not in _OVER else [],
        "may_change_room": changeable and user.role != Role.DOCTOR and state not in _OVER,
        "start": visit.appointment_date.astimezone(visit.clinic.zone).strftime("%Y-%m-%dT%H:%M"),
        "place": place_of_visit(visit),
        "age": age_on(visit.patient.birth_date, now.date()),
        "problem": problem,
    }
    return render(request, "tenants/desk/calendar/_visit.html", context, status=status)


def block_for(user: User, pk: int) -> Claim | None:
    """Return blocked time that this user may see: a doctor their own."""
    blocks = Claim.objects.select_related("resource__doctor__user", "clinic")
    found = blocks.filter(pk=pk, kind=ClaimKind.BLOCK, active=True).first()
    if found is None or (user.role == Role.DOCTOR and not is_own(user, found.resource.doctor)):
        return None
    return found


def block_panel(request: HttpRequest, block: Claim) -> HttpResponse:
    user = staff_of(request)
    context = {
        "block": block,
        "zone": block.clinic.time_zone if block.clinic is not None else "UTC",
        "may_change": may_change(user, is_own=is_own(user, block.resource.doctor)),
    }
    return render(request, "tenants/desk/calendar/_block.html", context)


def nearest_to(
    doctor_id: int, service_id: int, clinic: Clinic, around: dt.datetime, now: dt.datetime
) -> list[Slot]:
    return nearest_slots(
        doctor_id=doctor_id,
        service_id=service_id,
        clinic_id=clinic.pk,
        time_zone=clinic.time_zone,
        around=around,
        limit=NEAREST,
        now=now,
        for_staff=True,
    )


def choices_of(slots: list[Slot], clinic: Clinic) -> list[dict[str, Any]]:
    """Return slots with their wall-clock beginning, as forms and the script send it."""
    return [
        {"slot": slot, "start": slot.starts_at.astimezone(clinic.zone).strftime("%Y-%m-%dT%H:%M")}
        for slot in slots
    ]


def gone(request: HttpRequest, error: DomainError | None) -> HttpResponse:
    """What was to be shown is not there (any more); htmx shows 410."""
    return render(
        request, "tenants/desk/calendar/_gone.html", {"problem": str(error) if error else ""}, status=410
    )


def changed(
    response: HttpResponse, *, message: str, undo: dict[str, Any] | None = None, say: bool = True
) -> HttpResponse:
    """Tell the calendar's script to read the frame again, and what to say."""
    detail: dict[str, Any] = {"message": message if say else "", "undo": undo}
    response["HX-Trigger"] = json.dumps({"calendarchanged": detail})
    return response


def is_own(user: User, doctor: Doctor | None) -> bool:
    return doctor is not None and doctor.user_id == user.pk
