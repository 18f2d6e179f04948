"""Booking at a time that was chosen in the calendar."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language, gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from saas.core.errors import DomainError
from tenants.audit.actions import actor_of
from tenants.booking.actions import book_appointment
from tenants.booking.models import Appointment, AppointmentSource
from tenants.booking.selectors import Slot, Verdict, explain
from tenants.clinics.models import Clinic
from tenants.clinics.selectors import organisation
from tenants.desk.access import for_staff
from tenants.desk.calendar.access import require_change, staff_of, visit_for
from tenants.desk.calendar.forms import BookForm
from tenants.desk.calendar.frame import instant_of
from tenants.desk.calendar.views.answers import REFUSED, changed, choices_of, gone, nearest_to, visit_panel
from tenants.desk.cards.finding import find_people
from tenants.doctors.models import Doctor
from tenants.patients.actions import find_or_create_patient
from tenants.patients.models import Patient
from tenants.services.models import Service
from tenants.services.offers import Offer, offers_for


@never_cache
@for_staff
@require_safe
def people(request: HttpRequest) -> HttpResponse:
    """Patients who fit what was typed."""
    user = staff_of(request)
    require_change(user)
    text = request.GET.get("q", "")
    return render(
        request, "tenants/desk/calendar/_people.html", {"people": find_people(text, user=user), "text": text}
    )


@never_cache
@for_staff
@require_http_methods(["GET", "HEAD", "POST"])
def book(request: HttpRequest) -> HttpResponse:
    """The panel that books at the time that was chosen in the calendar."""
    user = staff_of(request)
    data = request.POST if request.method == "POST" else request.GET
    place = _place(data.dict())
    if place is None:
        return gone(request, None)
    require_change(user, doctor_id=place.doctor.pk)
    offers = offers_for(doctor_ids=[place.doctor.pk], clinic_id=place.clinic.pk, on_date=place.start.date())
    names = dict(
        Service.objects.filter(pk__in=[offer.service_id for offer in offers]).values_list("pk", "name")
    )
    offers.sort(key=lambda offer: names[offer.service_id])
    if request.method != "POST":
        form = BookForm(offers=offers, names=names, initial={**data.dict(), "start": data.get("start", "")})
        return _book_panel(request, form, place, offers, service=data.get("service", ""))
    form = BookForm(request.POST, offers=offers, names=names)
    if not form.is_valid():
        return _book_panel(request, form, place, offers, service=data.get("service", ""), status=REFUSED)
    try:
        made = _book(request, form.cleaned_data, place)
    except ValidationError as error:
        form.add_error(None, error)
        return _book_panel(request, form, place, offers, service=data.get("service", ""), status=REFUSED)
    except DomainError as error:
        return _book_panel(
            request,
            form,
            place,
            offers,
            service=data.get("service", ""),
            problem=str(error),
            status=error.status,
        )
    undo = {"kind": "booking", "id": str(made.public_id), "version": made.version}
    return changed(
        visit_panel(request, visit_for(user, made.public_id)),
        message=gettext("The visit is booked."),
        undo=undo,
    )


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a visit is to be booked; `start` is the clinic's wall clock."""

    doctor: Doctor
    clinic: Clinic
    start: dt.datetime
    starts_at: dt.datetime


def _place(data: dict[str, str]) -> _Place | None:
    """Read the place; None when it makes no sense. Two queries."""
    try:
        start = dt.datetime.fromisoformat(data.get("start", "")).replace(second=0, microsecond=0)
        doctor_id, clinic_id = int(data.get("doctor", "")), int(data.get("clinic", ""))
    except ValueError:
        return None
    doctor = Doctor.objects.select_related("user").filter(pk=doctor_id).first()
    clinic = Clinic.objects.filter(pk=clinic_id).first()
    if doctor is None or clinic is None or start.tzinfo is not None:
        return None
    try:
        starts_at = instant_of(start, clinic.zone)
    except (ValidationError, OverflowError):
        return None
    return _Place(doctor=doctor, clinic=clinic, start=start, starts_at=starts_at)


def _book(request: HttpRequest, data: dict[str, Any], place: _Place) -> Appointment:
    patient_id = data["patient"]
    if not patient_id:
        profile = organisation()
        patient_id = find_or_create_patient(
            last_name=data["last_name"],
            first_name=data["first_name"],
            phone=data["phone"],
            language=profile.language,
            region=profile.country,
        ).pk
    return book_appointment(
        doctor_id=place.doctor.pk,
        service_id=data["service"],
        clinic_id=place.clinic.pk,
        starts_at=place.starts_at,
        patient_id=patient_id,
        source=AppointmentSource.DESK,
        language=get_language() or organisation().language,
        notes=data["notes"],
        actor=actor_of(request),
        now=timezone.now(),
        for_staff=True,
        overbook_reason=data["overbook_reason"],
    )


def _book_panel(
    request: HttpRequest,
    form: BookForm,
    place: _Place,
    offers: list[Offer],
    *,
    service: str,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    offer = next(
        (offer for offer in offers if str(offer.service_id) == service), offers[0] if offers else None
    )
    verdict: Verdict | None = None
    nearest: list[Slot] = []
    now = timezone.now()
    if offer is not None:
        form.initial["service"] = offer.service_id
        verdict = explain(
            doctor_id=place.doctor.pk,
            service_id=offer.service_id,
            clinic_id=place.clinic.pk,
            starts_at=place.starts_at,
            now=now,
            for_staff=True,
        )
        if not verdict.bookable:
            nearest = nearest_to(place.doctor.pk, offer.service_id, place.clinic, place.starts_at, now)
    patient_id = str(form["patient"].value() or "")
    context = {
        "form": form,
        "place": place,
        "offer": offer,
        "ends_at": place.starts_at + dt.timedelta(minutes=offer.duration_minutes) if offer else None,
        "verdict": verdict,
        "nearest": choices_of(nearest, place.clinic),
        "patient": Patient.objects.filter(pk=int(patient_id)).first() if patient_id.isdecimal() else None,
        "problem": problem,
    }
    return render(request, "tenants/desk/calendar/_book.html", context, status=status)
