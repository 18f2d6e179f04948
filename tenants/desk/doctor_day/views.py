"""A doctor's own day: the timeline, finishing a visit, the next visit of a patient, blocking time, the feed."""

import datetime as dt
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from saas.accounts.roles import Role
from saas.core.errors import DomainError
from saas.core.formatting import format_when
from saas.networks.context import current_network
from saas.networks.hosts import network_url
from tenants.audit.actions import actor_of
from tenants.booking.actions import (
    book_appointment,
    call_in_appointment,
    complete_appointment,
    mark_no_show,
)
from tenants.booking.actions.approving import approve_appointment, refuse_appointment
from tenants.booking.feeds.actions import create_feed, revoke_feed
from tenants.booking.models import Appointment, AppointmentSource
from tenants.booking.selectors import Slot, free_slots
from tenants.desk.access import for_staff, staff_of
from tenants.desk.calendar.access import CHANGE
from tenants.desk.calendar.steps import STEPS
from tenants.desk.cards.finding import age_on
from tenants.desk.doctor_day.actions import Leave, block_own_time, impact_of, open_own_time
from tenants.desk.doctor_day.forms import FinishForm, LeaveForm
from tenants.desk.doctor_day.selectors import (
    Day,
    clinics_for,
    day_of,
    doctor_of,
    feeds_of,
    leaves_of,
    visit_of,
)
from tenants.desk.errors import NoDoctorCard, OnlyForDoctors
from tenants.desk.office.day import rows_of
from tenants.desk.office.wishes import place_of
from tenants.doctors.models import Doctor

_REFUSED: Final = 422
_FOLLOW_UP_DAYS: Final = 28
_TIMES: Final = 6
_OWN_STEPS: Final = ("called", "absent")
_ANSWERS: Final = ("approve", "refuse")


@never_cache
@for_staff
@require_safe
def my_day(request: HttpRequest) -> HttpResponse:
    """The timeline of a day, by default today; who is in, who comes next, what to be aware of."""
    doctor = _doctor(request)
    return render(request, "tenants/desk/doctor_day/day.html", _day_context(request, doctor))


@never_cache
@for_staff
@require_safe
def timeline(request: HttpRequest) -> HttpResponse:
    """The day as it is now: what the page asks for again and again."""
    return render(request, "tenants/desk/doctor_day/_day.html", _day_context(request, _doctor(request)))


@never_cache
@for_staff
@require_http_methods(["GET", "HEAD", "POST"])
def visit(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """One visit: what is known, the note, and finishing it with a proposal for the next."""
    doctor = _doctor(request)
    appointment = _visit(doctor, public_id)
    form = FinishForm(
        request.POST or None,
        initial={"visit_note": appointment.visit_note, "follow_up_on": appointment.follow_up_on},
    )
    problem = ""
    status = 200
    if request.method == "POST":
        status = _REFUSED
        if form.is_valid():
            try:
                complete_appointment(
                    public_id=public_id,
                    visit_note=form.cleaned_data["visit_note"],
                    follow_up_on=form.cleaned_data["follow_up_on"],
                    actor=actor_of(request),
                    now=timezone.now(),
                    for_staff=True,
                )
            except DomainError as error:
                problem, status = str(error), error.status
            else:
                messages.success(request, _("The visit is done."))
                target = "desk:doctor_next" if form.cleaned_data["follow_up_on"] else "desk:doctor_day"
                arguments = [public_id] if form.cleaned_data["follow_up_on"] else []
                return HttpResponseRedirect(reverse(target, args=arguments))
    now = timezone.now()
    [row] = rows_of([appointment], now=now, may_change=True)
    patient = appointment.patient
    context = {
        "visit": appointment,
        "row": row,
        "patient": patient,
        "age": age_on(patient.birth_date, now.date()),
        "earlier": list(
            patient.appointments.exclude(pk=appointment.pk)
            .filter(appointment_date__lt=appointment.appointment_date)
            .select_related("doctor__user", "service")
            .order_by("-appointment_date")[:5]
        ),
        "notes": list(patient.card_notes.select_related("author")[:5]),
        "form": form,
        "problem": problem,
        "may_answer": appointment.awaiting_approval
        and not row.is_over
        and staff_of(request).has_perm(CHANGE),
        "can_finish": not row.is_over and appointment.appointment_date <= now,
    }
    return render(request, "tenants/desk/doctor_day/visit.html", context, status=status)


@never_cache
@for_staff
@require_POST
def step(request: HttpRequest, public_id: UUID, action: str) -> HttpResponse:
    """Call the patient in, note that they did not come; with the right to change visits, answer a request."""
    if action not in {*_OWN_STEPS, *_ANSWERS}:
        raise Http404
    _visit(_doctor(request), public_id)
    if action in _ANSWERS:
        return _answered(request, public_id, action)
    try:
        if action == "called":
            call_in_appointment(public_id=public_id, actor=actor_of(request), now=timezone.now())
        else:
            mark_no_show(public_id=public_id, actor=actor_of(request), now=timezone.now(), for_staff=True)
    except DomainError as error:
        messages.error(request, str(error))
        return HttpResponseRedirect(reverse("desk:doctor_day"))
    if action == "called":
        return HttpResponseRedirect(reverse("desk:doctor_visit", args=[public_id]))
    messages.success(request, _("Noted: the patient did not come."))
    return HttpResponseRedirect(reverse("desk:doctor_day"))


@never_cache
@for_staff
@require_http_methods(["GET", "HEAD", "POST"])
def next_visit(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The first free times from the proposed day on: book one at once, or leave it."""
    doctor = _doctor(request)
    appointment = _visit(doctor, public_id)
    problem, status = "", 200
    if request.method == "POST":
        place = place_of(request.POST.get("slot", ""))
        if place is None or place[0] != doctor.pk or place[2] != appointment.service_id:
            problem, status = _("Choose a time."), _REFUSED
        else:
            try:
                booked = book_appointment(
                    doctor_id=doctor.pk,
                    clinic_id=place[1],
                    service_id=appointment.service_id,
                    starts_at=place[3],
                    patient_id=appointment.patient_id,
                    source=AppointmentSource.DESK,
                    language=appointment.language,
                    actor=actor_of(request),
                    now=timezone.now(),
                    for_staff=True,
                )
            except DomainError as error:
                problem, status = str(error), error.status
            else:
                when = format_when(booked.appointment_date, zone=booked.time_zone)
                messages.success(request, _("The next visit is booked: %(when)s.") % {"when": when})
                return HttpResponseRedirect(reverse("desk:doctor_day"))
    context = {
        "visit": appointment,
        "problem": problem,
        "times": [
            {
                "slot": slot,
                "value": f"{doctor.pk}.{slot.clinic_id}.{slot.service_id}.{int(slot.starts_at.timestamp())}",
            }
            for slot in _next_times(appointment)
        ],
    }
    return render(request, "tenants/desk/doctor_day/next.html", context, status=status)


@never_cache
@for_staff
@require_http_methods(["GET", "HEAD", "POST"])
def block(request: HttpRequest) -> HttpResponse:
    """Block own time: first what it would break, then the block itself."""
    doctor, now = _doctor(request), timezone.now()
    clinic = doctor.clinic
    today = now.astimezone(clinic.zone if clinic else dt.UTC).date()
    form = LeaveForm(request.POST or None, initial={"start_date": today, "end_date": today})
    context: dict[str, Any] = {
        "form": form,
        "leaves": leaves_of(doctor, now=now),
        "clinic": clinic,
        "impact": None,
    }
    status = 200
    if request.method == "POST":
        status = _REFUSED
        if form.is_valid():
            leave = Leave(doctor=doctor, **form.cleaned_data)
            try:
                leave.check(today=today)
                if "sure" in request.POST:
                    return _blocked(request, leave, now)
                context["impact"] = impact_of(leave, now=now)
                context["is_previewed"] = True
                status = 200
            except ValidationError as error:
                form.add_error(None, error)
    return render(request, "tenants/desk/doctor_day/block.html", context, status=status)


@never_cache
@for_staff
@require_POST
def unblock(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a block back."""
    try:
        open_own_time(doctor=_doctor(request), block_id=pk, actor=actor_of(request))
    except DomainError as error:
        raise Http404 from error
    messages.success(request, _("This time is open again."))
    return HttpResponseRedirect(reverse("desk:doctor_block"))


@never_cache
@for_staff
@require_http_methods(["GET", "HEAD", "POST"])
def feed(request: HttpRequest) -> HttpResponse:
    """The doctor's calendar links: a new one is shown once, the old ones can be revoked."""
    doctor = _doctor(request)
    context: dict[str, Any] = {"made": "", "problem": ""}
    status = 200
    if request.method == "POST":
        try:
            _feed, path = create_feed(doctor_id=doctor.pk, actor=actor_of(request))
            context["made"] = network_url(current_network().primary_host, path)
        except DomainError as error:
            context["problem"], status = str(error), error.status
    context["feeds"] = feeds_of(doctor)
    return render(request, "tenants/desk/doctor_day/feed.html", context, status=status)


@never_cache
@for_staff
@require_POST
def feed_revoked(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a calendar link useless at once."""
    try:
        revoke_feed(feed_id=pk, doctor_id=_doctor(request).pk, actor=actor_of(request), now=timezone.now())
    except DomainError as error:
        raise Http404 from error
    messages.success(request, _("The link does not work any more."))
    return HttpResponseRedirect(reverse("desk:doctor_feed"))


def _answered(request: HttpRequest, public_id: UUID, action: str) -> HttpResponse:
    """Accept a visit that was booked on approval, or turn it down with words for the patient."""
    if not staff_of(request).has_perm(CHANGE):
        raise PermissionDenied
    try:
        if action == "approve":
            approve_appointment(public_id=public_id, actor=actor_of(request), now=timezone.now())
        else:
            refuse_appointment(
                public_id=public_id,
                message=request.POST.get("message", ""),
                actor=actor_of(request),
                now=timezone.now(),
            )
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, str(STEPS[action].done))
    return HttpResponseRedirect(reverse("desk:doctor_day"))


def _blocked(request: HttpRequest, leave: Leave, now: dt.datetime) -> HttpResponse:
    _block, batch = block_own_time(
        leave=leave, propose="propose" in request.POST, actor=actor_of(request), now=now
    )
    if batch is None:
        messages.success(request, _("The time is blocked."))
    else:
        count = batch.proposals.count()
        messages.success(
            request,
            ngettext(
                "The time is blocked. %(count)d patient is offered a new time.",
                "The time is blocked. %(count)d patients are offered a new time.",
                count,
            )
            % {"count": count},
        )
    return HttpResponseRedirect(reverse("desk:doctor_block"))


def _doctor(request: HttpRequest) -> Doctor:
    user = staff_of(request)
    doctor = doctor_of(user.pk)
    if doctor is None:
        raise PermissionDenied(NoDoctorCard() if user.role == Role.DOCTOR else OnlyForDoctors())
    return doctor


def _visit(doctor: Doctor, public_id: UUID) -> Appointment:
    appointment = visit_of(doctor, public_id)
    if appointment is None:
        raise Http404
    return appointment


def _day_context(request: HttpRequest, doctor: Doctor) -> dict[str, Any]:
    now = timezone.now()
    try:
        date = dt.date.fromisoformat(request.GET.get("date", ""))
    except ValueError:
        date = None
    if date is not None and abs((date - now.date()).days) > 3660:  # noqa: PLR2004 - ten years
        date = None
    day: Day = day_of(doctor, date=date, now=now)
    return {
        "doctor": doctor,
        "day": day,
        "now": now,
        "is_today": date is None or date == now.astimezone(_zone(doctor)).date(),
        "before": day.date - dt.timedelta(days=1),
        "after": day.date + dt.timedelta(days=1),
        "clinics": clinics_for(doctor),
    }


def _zone(doctor: Doctor) -> dt.tzinfo:
    return doctor.clinic.zone if doctor.clinic is not None else dt.UTC


def _next_times(appointment: Appointment) -> list[Slot]:
    start = appointment.follow_up_on or appointment.local_date.date() + dt.timedelta(days=1)
    return free_slots(
        doctor_id=appointment.doctor_id,
        service_id=appointment.service_id,
        clinic_id=appointment.clinic_id,
        start=start,
        end=start + dt.timedelta(days=_FOLLOW_UP_DAYS),
        now=timezone.now(),
        for_staff=True,
    )[:_TIMES]
