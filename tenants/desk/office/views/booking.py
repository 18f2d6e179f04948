"""The booking panel beside today's list."""

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from saas.core.errors import DomainError
from tenants.audit.actions import actor_of
from tenants.booking.actions import book_appointment
from tenants.booking.actions.walking_in import walk_in
from tenants.booking.models import Appointment, AppointmentSource
from tenants.clinics.selectors import organisation
from tenants.desk.access import for_reception
from tenants.desk.office.day import ticket_of
from tenants.desk.office.forms import BookForm
from tenants.desk.office.views.answers import said, undo_of
from tenants.desk.office.wishes import choices_for, next_times, patient_of, place_of, wish_of
from tenants.doctors.models import DoctorClinic
from tenants.patients.actions import find_or_create_patient
from tenants.patients.models import Patient

_REFUSED: Final = 422


@never_cache
@for_reception
@require_http_methods(["GET", "HEAD", "POST"])
def book(request: HttpRequest) -> HttpResponse:
    """The panel: choose, see the next free times, book one of them or take in who stands here."""
    if request.method != "POST":
        return _panel(request, request.GET.dict())
    data = request.POST.dict()
    form = BookForm(request.POST)
    if not form.is_valid():
        return _panel(request, data, form=form, status=_REFUSED)
    try:
        visit = _carry_out(request, data, form.cleaned_data)
    except ValidationError as error:
        form.add_error(None, error)
        return _panel(request, data, form=form, status=_REFUSED)
    except DomainError as error:
        return _panel(request, data, form=form, problem=str(error), status=error.status)
    return _booked(request, visit)


def panel_context(
    request: HttpRequest,
    data: Mapping[str, str],
    *,
    now: dt.datetime,
    form: BookForm | None = None,
) -> dict[str, Any]:
    """Return what the panel shows for a wish."""
    wish = wish_of(data)
    choices = choices_for(wish)
    patient = patient_of(data.get("patient", ""))
    return {
        "wish": wish,
        "choices": choices,
        "times": next_times(wish, choices, now=now),
        "patient": patient,
        "is_new": bool(data.get("new")) or (form is not None and patient is None),
        "form": form or BookForm(initial={"slot": data.get("slot", "")}),
        "picked": data.get("slot", ""),
        "can_walk_in": wish.doctor is not None and wish.service is not None,
        "may_overbook": request.user.has_perm("booking.change_appointment"),
    }


def _panel(
    request: HttpRequest,
    data: Mapping[str, str],
    *,
    form: BookForm | None = None,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    context = panel_context(request, data, now=timezone.now(), form=form)
    return render(request, "tenants/desk/office/_book.html", context | {"problem": problem}, status=status)


def _carry_out(request: HttpRequest, data: Mapping[str, str], clean: dict[str, Any]) -> Appointment:
    """Book, or take in. Raises ValidationError when the choice is incomplete, and what the actions raise."""
    place = place_of(clean["slot"])
    wish = wish_of(data)
    is_walk_in = "walk_in" in data
    if not is_walk_in and place is None:
        raise ValidationError(_("Choose a time."), code="slot")
    if is_walk_in and (wish.doctor is None or wish.service is None):
        raise ValidationError(_("Choose the doctor and the service first."), code="walk_in")
    patient = _patient(clean)
    facts: dict[str, Any] = {
        "patient_id": patient.pk,
        "language": patient.language or get_language() or organisation().language,
        "notes": clean["notes"],
        "actor": actor_of(request),
        "now": timezone.now(),
        "overbook_reason": clean["overbook_reason"],
    }
    if place is None or is_walk_in:
        clinic = wish.clinic or (place[1] if place else None) or _only_clinic(wish.doctor)
        if clinic is None or wish.doctor is None or wish.service is None:
            raise ValidationError(_("Choose the clinic first."), code="clinic")
        return walk_in(doctor_id=wish.doctor, service_id=wish.service, clinic_id=clinic, **facts)
    doctor, clinic_id, service, starts_at = place
    return book_appointment(
        doctor_id=doctor,
        clinic_id=clinic_id,
        service_id=service,
        starts_at=starts_at,
        source=AppointmentSource.DESK,
        for_staff=True,
        **facts,
    )


def _patient(clean: dict[str, Any]) -> Patient:
    if clean["patient"]:
        known = Patient.objects.filter(public_id=clean["patient"]).first()
        if known is None:
            raise ValidationError(_("This patient is not there any more."), code="patient")
        return known
    profile = organisation()
    return find_or_create_patient(
        last_name=clean["last_name"],
        first_name=clean["first_name"],
        middle_name=clean["middle_name"],
        phone=clean["phone"],
        email=clean["email"],
        birth_date=clean["birth_date"],
        language=profile.language,
        region=profile.country,
    )


def _only_clinic(doctor_id: int | None) -> int | None:
    """Return the clinic of a doctor who works in one only."""
    ids = list(DoctorClinic.objects.filter(doctor=doctor_id).values_list("clinic_id", flat=True)[:2])
    return ids[0] if len(ids) == 1 else None


def _booked(request: HttpRequest, made: Appointment) -> HttpResponse:
    visit = Appointment.objects.select_related("patient", "doctor__user", "service", "clinic").get(pk=made.pk)
    response = render(
        request, "tenants/desk/office/_booked.html", {"visit": visit, "ticket": ticket_of(visit)}
    )
    message = (
        _("Taken in. Number on the board: %(ticket)s.") % {"ticket": ticket_of(visit)}
        if visit.checked_in_at
        else _("The visit is booked.")
    )
    return said(response, message=message, undo=undo_of(visit, "booked"))
