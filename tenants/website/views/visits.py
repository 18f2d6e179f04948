"""A booked visit behind its signed link: look, move, cancel, take into a calendar."""

import datetime as dt
from email.utils import parseaddr
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from saas.core.errors import DomainError
from tenants.audit.actions import actor_of
from tenants.booking.actions import cancel_appointment, change_deadline, reschedule_appointment
from tenants.booking.errors import CancellationTooLate, WrongStatus
from tenants.booking.links import appointment_from_token
from tenants.booking.models import Appointment, AppointmentStatus
from tenants.booking.selectors import explain
from tenants.clinics.selectors import organisation
from tenants.notifications.calendar import visit_calendar
from tenants.website import guests, seo
from tenants.website.choices import Choice, choose, read_wish
from tenants.website.instants import BadAddress, read_instant, write_instant
from tenants.website.picker import Addresses, build_picker
from tenants.website.refusals import private, site_page

_LONGEST_VERSION = 10
_OPEN = (AppointmentStatus.SCHEDULED, AppointmentStatus.CONFIRMED)


@require_GET
@site_page
def show(request: HttpRequest, token: str) -> HttpResponse:
    """What, when, where, and what can still be done."""
    appointment = appointment_from_token(token)
    is_cancelled = appointment.status == AppointmentStatus.CANCELLED
    title = _("The visit is cancelled") if is_cancelled else _("Your visit")
    context = _context(request, token, appointment, title)
    context["was_moved"] = context["is_open"] and request.GET.get("done") == "moved"
    return private(render(request, "tenants/website/visit.html", context))


@require_GET
@site_page
def booked(request: HttpRequest, token: str) -> HttpResponse:
    """The page after booking."""
    appointment = appointment_from_token(token)
    title = _("We have your request") if appointment.awaiting_approval else _("You are booked")
    context = _context(request, token, appointment, title)
    return private(render(request, "tenants/website/visit_booked.html", context))


@require_http_methods(["GET", "HEAD", "POST"])
@site_page
def cancel(request: HttpRequest, token: str) -> HttpResponse:
    """Ask once, then cancel. Too late or already over: the page says so and whom to call."""
    appointment = appointment_from_token(token)
    title = _("Cancel the visit")
    if request.method != "POST":
        context = _context(request, token, appointment, title)
        return private(render(request, "tenants/website/visit_cancel.html", context))
    try:
        cancel_appointment(
            public_id=appointment.public_id,
            reason=request.POST.get("reason", "").replace("\x00", "")[:300],
            expected_version=_version(request),
            actor=actor_of(request),
            now=timezone.now(),
        )
    except DomainError as error:
        fresh = appointment_from_token(token)
        context = _context(request, token, fresh, title) | {"problem": error}
        return private(render(request, "tenants/website/visit.html", context, status=error.status))
    return private(HttpResponseRedirect(f"/visits/{token}/", status=303))


@require_GET
@site_page
def move(request: HttpRequest, token: str) -> HttpResponse:
    """The picker of another time with the same doctor."""
    now = timezone.now()
    appointment = appointment_from_token(token)
    refused = _why_not_changeable(appointment, now)
    if refused is not None:
        context = _context(request, token, appointment, _("Your visit")) | {"problem": refused}
        return private(render(request, "tenants/website/visit.html", context, status=refused.status))
    choice = _choice_of(appointment, now)
    status, problem = 200, None
    try:
        wish = read_wish(request.GET)
    except BadAddress as error:
        wish, status, problem = read_wish(request.GET.__class__("")), error.status, error
    base = f"/visits/{token}/move/"
    picker = build_picker(
        doctor=choice.doctor,
        service=choice.service,
        clinic=choice.clinic,
        offer=choice.offer,
        wish=wish,
        links=Addresses(base=base, target=f"{base}check/", keep={}),
        now=now,
    )
    context = _context(request, token, appointment, _("Choose another time")) | {
        "choice": choice,
        "doctor": choice.doctor,
        "picker": picker,
        "picker_base": base,
        "is_move": True,
        "problem": problem,
    }
    is_part = (
        request.headers.get("HX-Request") == "true" and "HX-History-Restore-Request" not in request.headers
    )
    template = "tenants/website/_picker_swap.html" if is_part else "tenants/website/visit_move.html"
    response = private(render(request, template, context, status=status))
    patch_vary_headers(response, ("HX-Request",))
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@site_page
def move_check(request: HttpRequest, token: str) -> HttpResponse:
    """The old time and the new one side by side; sent, the visit moves."""
    now = timezone.now()
    appointment = appointment_from_token(token)
    at = read_instant(request.GET.get("at", ""))
    refused = _why_not_changeable(appointment, now)
    if refused is not None:
        context = _context(request, token, appointment, _("Your visit")) | {"problem": refused}
        return private(render(request, "tenants/website/visit.html", context, status=refused.status))
    choice = _choice_of(appointment, now)
    try:
        if request.method == "POST":
            reschedule_appointment(
                public_id=appointment.public_id,
                starts_at=at,
                expected_version=_version(request),
                actor=actor_of(request),
                now=now,
            )
            return private(HttpResponseRedirect(f"/visits/{token}/?done=moved", status=303))
        _require_bookable(choice, at, now)
    except DomainError as error:
        context = _context(request, token, appointment, _("This time cannot be booked")) | {
            "error": error,
            "alternatives": guests.alternatives(choice, at, error, now=now),
            "at": at,
        }
        return private(
            render(request, "tenants/website/visit_move_refused.html", context, status=error.status)
        )
    context = _context(request, token, appointment, _("Move the visit")) | {
        "at": at,
        "here": f"/visits/{token}/move/check/?at={write_instant(at)}",
    }
    return private(render(request, "tenants/website/visit_move_check.html", context))


@require_GET
@site_page
def calendar(request: HttpRequest, token: str) -> HttpResponse:
    """The visit as a calendar file: the same event as in the letters, so the two update each other."""
    appointment = appointment_from_token(token)
    profile = organisation()
    sender = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    clinic = appointment.clinic
    _method, text = visit_calendar(
        appointment,
        summary=f"{appointment.service.name}, {clinic.name}",
        description=f"{appointment.doctor}\n{seo.absolute(request, f'/visits/{token}/')}",
        location=", ".join(part for part in (clinic.name, clinic.city, clinic.address) if part),
        organizer_name=profile.name,
        organizer_email=sender,
        attendee_email=appointment.patient.email or sender,
        url=seo.absolute(request, f"/visits/{token}/"),
        now=timezone.now(),
    )
    response = HttpResponse(text, content_type="text/calendar; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="visit.ics"'
    return private(response)


def _context(request: HttpRequest, token: str, appointment: Appointment, title: str) -> dict[str, Any]:
    now = timezone.now()
    return {
        "appointment": appointment,
        "token": token,
        "visit_path": f"/visits/{token}/",
        "is_open": appointment.status in _OPEN and appointment.appointment_date > now,
        "is_changeable": _why_not_changeable(appointment, now) is None,
        "change_until": change_deadline(appointment),
        "heading": title,
        "seo": seo.describe(request, title=title, path="/visits/"),
    }


def _why_not_changeable(appointment: Appointment, now: dt.datetime) -> DomainError | None:
    if appointment.status not in _OPEN:
        return WrongStatus()
    if now > change_deadline(appointment):
        return CancellationTooLate()
    return None


def _choice_of(appointment: Appointment, now: dt.datetime) -> Choice:
    """Raises ServiceNotOffered when the doctor no longer gives the service there."""
    return choose(
        doctor=appointment.doctor, service=appointment.service, clinic_slug=appointment.clinic.slug, now=now
    )


def _require_bookable(choice: Choice, at: dt.datetime, now: dt.datetime) -> None:
    verdict = explain(
        doctor_id=choice.doctor.pk,
        service_id=choice.service.pk,
        clinic_id=choice.clinic.pk,
        starts_at=at,
        now=now,
    )
    if not verdict.bookable:
        raise guests.not_bookable(verdict)


def _version(request: HttpRequest) -> int | None:
    """The version the page showed; None (any) when the field was damaged."""
    text = request.POST.get("version", "")
    return int(text) if text.isdecimal() and len(text) < _LONGEST_VERSION else None
