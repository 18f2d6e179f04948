"""Getting on the waiting list: when nothing is free, or when an earlier time than the one booked is wanted."""

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from saas.accounts.models import User
from saas.core.errors import DomainError, TooMany
from tenants.audit.actions import actor_of
from tenants.booking.actions.logbook import OPEN
from tenants.booking.actions.waitlist import join_waitlist
from tenants.booking.errors import WrongStatus
from tenants.booking.links import appointment_from_token, entry_path
from tenants.booking.models import WaitlistEntry
from tenants.clinics.selectors import organisation
from tenants.patients.actions import find_or_create_patient
from tenants.website import guests, seo
from tenants.website.choices import Choice, read_choice
from tenants.website.forms import ContactForm, EarlierForm, WaitForm, details_of
from tenants.website.refusals import private, site_page


@require_http_methods(["GET", "HEAD", "POST"])
@site_page
def join(request: HttpRequest) -> HttpResponse:
    """Say who, and on which days; whoever is signed in need not type a name."""
    now = timezone.now()
    choice = read_choice(request.GET, now=now)
    today = now.astimezone(ZoneInfo(choice.offer.time_zone)).date()
    region = organisation().country
    if request.method != "POST":
        initial = {**details_of(guests.patient_of(request)), **_first_days(today)}
        return _join_page(request, choice, WaitForm(initial=initial, region=region, today=today))
    form = WaitForm(request.POST, region=region, today=today)
    try:
        guests.count_attempt(request, phone="")
        if form.is_from_a_robot or not form.is_valid():
            return _join_page(request, choice, form, status=422)
        guests.count_attempt(request, phone=form.cleaned_data["phone"])
        entry = _join(request, choice, form, now)
    except TooMany as error:
        response = _join_page(request, choice, form, status=error.status, problem=error)
        response.headers["Retry-After"] = str(error.params.get("retry_after", 60))
        return response
    except DomainError as error:
        return _join_page(request, choice, form, status=error.status, problem=error)
    return private(HttpResponseRedirect(entry_path(entry), status=303))


@require_http_methods(["GET", "HEAD", "POST"])
@site_page
def earlier(request: HttpRequest, token: str) -> HttpResponse:
    """The holder of a visit wants it earlier: an accepted offer moves the visit."""
    now = timezone.now()
    visit = appointment_from_token(token)
    if visit.status not in OPEN or visit.appointment_date <= now or visit.session_id is not None:
        raise WrongStatus
    zone = ZoneInfo(visit.time_zone)
    today = now.astimezone(zone).date()
    last_day = visit.appointment_date.astimezone(zone).date()
    form = EarlierForm(request.POST or None)
    problem: DomainError | None = None
    if request.method == "POST" and form.is_valid():
        try:
            entry = join_waitlist(
                patient_id=visit.patient_id,
                service_id=visit.service_id,
                doctor_id=None if form.cleaned_data["any_doctor"] else visit.doctor_id,
                clinic_id=visit.clinic_id,
                appointment_id=visit.pk,
                earliest=today,
                latest=last_day,
                from_time=form.hours[0],
                until_time=form.hours[1],
                language=visit.language,
                actor=actor_of(request),
                now=now,
            )
        except DomainError as error:
            problem = error
        else:
            return private(HttpResponseRedirect(entry_path(entry), status=303))
    status = problem.status if problem else 422 if form.errors else 200
    title = _("An earlier time")
    context = {
        "appointment": visit,
        "form": form,
        "problem": problem,
        "visit_path": f"/visits/{token}/",
        "heading": title,
        "seo": seo.describe(request, title=title, path="/visits/"),
    }
    return private(render(request, "tenants/website/visit_earlier.html", context, status=status))


def _join(request: HttpRequest, choice: Choice, form: WaitForm, now: dt.datetime) -> WaitlistEntry:
    language = get_language() or organisation().language
    details = form.cleaned_data
    patient = find_or_create_patient(
        last_name=details["last_name"],
        first_name=details["first_name"],
        phone=details["phone"],
        email=details["email"],
        language=language,
        region=organisation().country,
        user=request.user if isinstance(request.user, User) and not request.user.works_here else None,
    )
    return join_waitlist(
        patient_id=patient.pk,
        service_id=choice.service.pk,
        doctor_id=None if details["any_doctor"] else choice.doctor.pk,
        clinic_id=choice.clinic.pk,
        earliest=details["earliest"],
        latest=details["latest"],
        from_time=form.hours[0],
        until_time=form.hours[1],
        language=language,
        actor=actor_of(request),
        now=now,
    )


def _first_days(today: dt.date) -> dict[str, Any]:
    return {"earliest": today, "latest": today + dt.timedelta(days=30), "any_doctor": True}


def _join_page(
    request: HttpRequest,
    choice: Choice,
    form: ContactForm,
    *,
    status: int = 200,
    problem: DomainError | None = None,
) -> HttpResponse:
    title = _("Waiting list")
    context = {
        "choice": choice,
        "form": form,
        "problem": problem,
        "heading": title,
        "here": request.get_full_path(),
        "seo": seo.describe(request, title=title),
    }
    return private(render(request, "tenants/website/waitlist_join.html", context, status=status))
