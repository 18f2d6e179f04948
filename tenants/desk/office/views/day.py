"""Today: the page, what is pressed on it, and the calls."""

import datetime as dt
from typing import Any, Final
from uuid import UUID

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from saas.accounts.models import User
from saas.accounts.roles import Role
from saas.core.errors import DomainError
from saas.networks.context import current_network
from saas.networks.hosts import network_url
from tenants.audit.actions import actor_of
from tenants.booking.models import Appointment
from tenants.booking.windows.alerts import hours_ending
from tenants.clinics.models import Clinic
from tenants.desk.access import for_reception, for_staff, staff_of
from tenants.desk.calendar.sheet import State
from tenants.desk.calendar.steps import STEPS
from tenants.desk.office.calls import TITLES, CallOutcome, call_list, note_call
from tenants.desk.office.day import clinics_of, numbers_of, rows_of, ticket_of, visits_of_today
from tenants.desk.office.steps import UNDO, send_confirmation, take_step, undo_step
from tenants.desk.office.views.answers import said, undo_of
from tenants.desk.office.views.booking import panel_context
from tenants.desk.selectors import setup_state

_REFUSED: Final = 422


@never_cache
@for_staff
@require_safe
def today(request: HttpRequest) -> HttpResponse:
    """Where staff land: today's visits, the next free times, who to call. Doctors land on their own day."""
    user, now = staff_of(request), timezone.now()
    if user.role == Role.DOCTOR:
        return HttpResponseRedirect(reverse("desk:doctor_day"))
    context = _day_context(request, user, now)
    context |= {
        **panel_context(request, request.GET.dict(), now=now),
        "calls": call_list(now=now, clinic=context["clinic"]),
        "call_titles": TITLES,
        "outcomes": CallOutcome.choices,
        "setup": setup_state() if user.manages else None,
        "hours_ending": hours_ending(now=now) if user.manages else [],
        "site_url": network_url(current_network().primary_host),
    }
    return render(request, "tenants/desk/office/today.html", context)


@never_cache
@for_reception
@require_safe
def day(request: HttpRequest) -> HttpResponse:
    """The list and its numbers as they are now."""
    return _day(request)


@never_cache
@for_reception
@require_POST
def step(request: HttpRequest, public_id: UUID, action: str) -> HttpResponse:
    """One step of a visit: has arrived, called in, done, did not come, paid."""
    if action not in STEPS:
        raise Http404
    version = request.POST.get("version", "")
    try:
        visit = take_step(
            public_id=public_id,
            action=action,
            version=int(version) if version.isdecimal() else None,
            form=request.POST.dict(),
            actor=actor_of(request),
            now=timezone.now(),
        )
    except (DomainError, ValidationError) as error:
        return _day(request, problem=_words(error), status=getattr(error, "status", _REFUSED))
    message = str(STEPS[action].done)
    if action == "arrived":
        message = _("The patient is here. Number on the board: %(ticket)s.") % {"ticket": ticket_of(visit)}
    return said(_day(request), message=message, undo=undo_of(visit, action), is_day=True)


@never_cache
@for_reception
@require_POST
def undo(request: HttpRequest, public_id: UUID, action: str) -> HttpResponse:
    """Take the last step back."""
    version = request.POST.get("version", "")
    if action not in UNDO or not version.isdecimal():
        raise Http404
    try:
        undo_step(
            public_id=public_id,
            action=action,
            version=int(version),
            actor=actor_of(request),
            now=timezone.now(),
        )
    except DomainError as error:
        return _day(request, problem=str(error), status=error.status)
    return said(_day(request), message=_("Undone."), undo=None, is_day=True)


@never_cache
@for_reception
@require_POST
def call(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Write down what came of a call."""
    outcome = request.POST.get("outcome", "")
    if outcome not in CallOutcome.values:
        raise Http404
    problem, status = "", 200
    try:
        note_call(public_id=str(public_id), outcome=outcome, actor=actor_of(request), now=timezone.now())
    except DomainError as error:
        problem, status = str(error), error.status
    clinic = _clinic_of(request, clinics_of(staff_of(request)))
    context = {
        "calls": call_list(now=timezone.now(), clinic=clinic),
        "call_titles": TITLES,
        "outcomes": CallOutcome.choices,
        "clinic": clinic,
        "problem": problem,
    }
    return render(request, "tenants/desk/office/_calls.html", context, status=status)


@never_cache
@for_reception
@require_safe
def confirmation(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The confirmation on paper."""
    visit = (
        Appointment.objects.select_related("patient", "doctor__user", "service", "clinic")
        .filter(public_id=public_id)
        .first()
    )
    if visit is None:
        raise Http404
    [row] = rows_of([visit], now=timezone.now(), may_change=False)
    return render(request, "tenants/desk/office/confirmation.html", {"visit": visit, "room": row.room})


@never_cache
@for_reception
@require_POST
def send(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Send the confirmation by e-mail once more."""
    try:
        visit = send_confirmation(public_id=public_id, actor=actor_of(request))
    except DomainError as error:
        return said(HttpResponse(status=204), message=str(error), undo=None)
    message = _("The confirmation is on its way to %(email)s.") % {"email": visit.patient.email}
    return said(HttpResponse(status=204), message=message, undo=None)


def _day(request: HttpRequest, *, problem: str = "", status: int = 200) -> HttpResponse:
    context = _day_context(request, staff_of(request), timezone.now())
    return render(request, "tenants/desk/office/_day.html", context | {"problem": problem}, status=status)


def _day_context(request: HttpRequest, user: User, now: dt.datetime) -> dict[str, Any]:
    clinics = clinics_of(user)
    clinic = _clinic_of(request, clinics)
    rows = rows_of(visits_of_today(user=user, now=now, clinic=clinic), now=now, may_change=True)
    local = now.astimezone((clinic or clinics[0]).zone) if clinics else now
    return {
        "clinics": clinics,
        "clinic": clinic,
        "now": now,
        "today": local.date(),
        "numbers": numbers_of(rows),
        "here": [row for row in rows if row.is_here],
        "coming": [row for row in rows if not row.is_here and not row.is_over],
        "over": [row for row in rows if row.is_over],
        "rows": rows,
        "states": State,
    }


def _clinic_of(request: HttpRequest, clinics: list[Clinic]) -> Clinic | None:
    """Return the clinic that the page is about; None for all of them. A single clinic is always it."""
    if len(clinics) == 1:
        return clinics[0]
    wanted = request.GET.get("clinic", "") or request.POST.get("at", "")
    return next((clinic for clinic in clinics if str(clinic.pk) == wanted), None)


def _words(error: DomainError | ValidationError) -> str:
    return " ".join(error.messages) if isinstance(error, ValidationError) else str(error)
