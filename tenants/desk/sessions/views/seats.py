"""Seats of a session: giving one, its steps on the day, moving it to another session."""

from typing import Final
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from saas.core.errors import DomainError
from saas.core.formatting import format_when
from tenants.audit.actions import actor_of
from tenants.booking.actions.groups import move_seat, take_seat
from tenants.booking.actions.progressing import restore_appointment
from tenants.booking.models import Appointment, AppointmentSource, GroupSession
from tenants.clinics.selectors import organisation
from tenants.desk.access import for_staff, staff_of
from tenants.desk.calendar.steps import STEPS
from tenants.desk.cards.finding import patients_for
from tenants.desk.office.steps import take_step
from tenants.desk.sessions.access import require_session_change
from tenants.desk.sessions.forms import MoveForm, SeatForm, StepForm
from tenants.desk.sessions.selectors import targets_of
from tenants.desk.sessions.views.roster import found_session, roster_page
from tenants.patients.actions import find_or_create_patient
from tenants.patients.models import Patient

_REFUSED: Final = 422
_RESTORE: Final = "restore"


@never_cache
@for_staff
@require_POST
def add(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Give a patient a seat: one who was found, or a new one."""
    session = found_session(request, public_id)
    require_session_change(staff_of(request), session)
    form = SeatForm(request.POST)
    if not form.is_valid():
        return roster_page(request, session, form=form, status=_REFUSED)
    try:
        patient = _patient(request, form)
        take_seat(
            session_id=public_id,
            patient_id=patient.pk,
            source=AppointmentSource.DESK,
            language=patient.language or get_language() or organisation().language,
            actor=actor_of(request),
            now=timezone.now(),
            for_staff=True,
        )
    except ValidationError as error:
        form.add_error(None, error)
        return roster_page(request, session, form=form, status=_REFUSED)
    except DomainError as error:
        return roster_page(request, session, form=form, problem=str(error), status=error.status)
    messages.success(request, _("%(name)s has a seat.") % {"name": patient.full_name})
    return _back(session)


@never_cache
@for_staff
@require_POST
def step(request: HttpRequest, public_id: UUID, action: str) -> HttpResponse:
    """Carry out one of the calendar's steps with a seat, or take its cancellation back."""
    if action not in STEPS and action != _RESTORE:
        raise Http404
    visit, session = _seat(request, public_id)
    form = StepForm(request.POST)
    if not form.is_valid():
        raise Http404
    version, now, actor = form.cleaned_data["version"], timezone.now(), actor_of(request)
    try:
        if action == _RESTORE:
            restore_appointment(public_id=public_id, expected_version=version, actor=actor, now=now)
            said = _("%(name)s has the seat again.") % {"name": visit.patient.full_name}
        else:
            take_step(
                public_id=public_id,
                action=action,
                version=version,
                form=request.POST.dict(),
                actor=actor,
                now=now,
            )
            said = f"{visit.patient.full_name}: {STEPS[action].done}"
    except ValidationError as error:
        return roster_page(request, session, problem=" ".join(error.messages), status=_REFUSED)
    except DomainError as error:
        return roster_page(request, session, problem=str(error), status=error.status)
    messages.success(request, said)
    return _back(session)


@never_cache
@for_staff
@require_http_methods(["GET", "HEAD", "POST"])
def move(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Move a seat: the sessions of the service that have free ones, then the move, all of it or nothing."""
    visit, session = _seat(request, public_id)
    now = timezone.now()
    problem, status = "", 200
    if request.method == "POST":
        form = MoveForm(request.POST)
        if not form.is_valid():
            problem, status = _("Choose a session."), _REFUSED
        else:
            try:
                moved = move_seat(
                    public_id=public_id,
                    session_id=form.cleaned_data["session"],
                    expected_version=form.cleaned_data["version"],
                    actor=actor_of(request),
                    now=now,
                )
            except DomainError as error:
                problem, status = str(error), error.status
                visit, session = _seat(request, public_id)
            else:
                when = format_when(moved.appointment_date, zone=moved.time_zone)
                name = visit.patient.full_name
                messages.success(request, _("%(name)s: moved to %(when)s.") % {"name": name, "when": when})
                return _back(session)
    context = {
        "visit": visit,
        "session": session,
        "targets": targets_of(visit, now=now),
        "problem": problem,
    }
    return render(request, "tenants/desk/sessions/move.html", context, status=status)


def _seat(request: HttpRequest, public_id: UUID) -> tuple[Appointment, GroupSession]:
    """Return a seat with its session, if the user may change it. Raises Http404, PermissionDenied."""
    visit = Appointment.objects.select_related("patient", "session").filter(public_id=public_id).first()
    if visit is None or visit.session is None:
        raise Http404
    session = found_session(request, visit.session.public_id)
    require_session_change(staff_of(request), session)
    return visit, session


def _patient(request: HttpRequest, form: SeatForm) -> Patient:
    """Return who was picked, or who was written in. Raises ValidationError."""
    said = form.cleaned_data
    if said["patient"]:
        known = patients_for(staff_of(request)).filter(public_id=said["patient"]).first()
        if known is None:
            raise ValidationError(_("This patient is not there any more."), code="patient")
        return known
    profile = organisation()
    return find_or_create_patient(
        last_name=said["last_name"],
        first_name=said["first_name"],
        phone=said["phone"],
        language=profile.language,
        region=profile.country,
    )


def _back(session: GroupSession) -> HttpResponse:
    return HttpResponseRedirect(reverse("desk:session", args=[session.public_id]))
