"""Booking: service or doctor, time, details, check, done. Every step is a page; only the last one writes."""

import datetime as dt
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID, uuid4

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from saas.core.errors import DomainError, TooMany
from saas.core.phones import display_phone
from tenants.booking.links import manage_path
from tenants.booking.selectors import explain, explain_no_slots
from tenants.clinics.selectors import organisation
from tenants.cms.cards import (
    active_doctors,
    clinic_cards,
    doctor_cards,
    soonest_visits,
    specializations_in_use,
)
from tenants.doctors.models import Doctor
from tenants.services.offers import offers_for
from tenants.website import catalogue, guests, seo
from tenants.website.choices import Choice, choose, pick_service, read_choice, read_wish
from tenants.website.forms import ContactForm, details_of
from tenants.website.instants import BadAddress, read_instant, write_instant
from tenants.website.picker import Addresses, build_picker
from tenants.website.refusals import private, refusal_page, site_page

STEPS: Final = (
    gettext_lazy("Doctor or service"),
    gettext_lazy("Time"),
    gettext_lazy("Your details"),
    gettext_lazy("Check and book"),
)
_SOONEST: Final = 6


@require_GET
@site_page
def start(request: HttpRequest) -> HttpResponse:
    """Where to begin: the soonest times, a specialization, a service or a doctor; with a service, who gives it."""
    now = timezone.now()
    if request.GET.get("doctor"):
        return HttpResponseRedirect(f"/book/time/?{request.GET.urlencode()}#booking")
    if request.GET.get("service"):
        return _who_gives(request, now)
    wanted = request.GET.get("specialization", "")
    specialization = catalogue.specialization_by_slug(wanted) if wanted else None
    clinic_slug = request.GET.get("clinic", "")
    clinic = catalogue.clinic_by_slug(clinic_slug) if clinic_slug else None
    query = request.GET.get("q", "").replace("\x00", "").strip()
    soonest = soonest_visits(
        limit=_SOONEST,
        now=now,
        specialization_id=specialization.pk if specialization else None,
        clinic_id=clinic.pk if clinic else None,
    )
    context = _step(request, 1, title=_("Book a visit")) | {
        "soonest": soonest,
        "specializations": specializations_in_use(),
        "specialization": specialization,
        "clinics": clinic_cards(),
        "clinic": clinic,
        "query": query,
        "groups": catalogue.price_tree(query=query),
        "doctors": list(catalogue.find_doctors(query=query)[:8]) if query else [],
        "currency": organisation().currency,
        "blockers": [] if soonest or specialization or clinic else explain_no_slots(now=now),
    }
    return render(request, "tenants/website/book_start.html", context)


def _who_gives(request: HttpRequest, now: dt.datetime) -> HttpResponse:
    service = catalogue.service_by_slug(request.GET["service"])
    clinic_slug = request.GET.get("clinic", "")
    clinic = catalogue.clinic_by_slug(clinic_slug) if clinic_slug else None
    clinic_id = clinic.pk if clinic else None
    offers = offers_for(service_id=service.pk, clinic_id=clinic_id)
    rows = active_doctors().filter(pk__in={offer.doctor_id for offer in offers})
    cards = doctor_cards(rows, now=now, service_id=service.pk, clinic_id=clinic_id)
    cards.sort(key=lambda card: (card.next_free is None, card.next_free.starts_at if card.next_free else now))
    context = _step(request, 1, title=service.name) | {
        "service": service,
        "clinic": clinic,
        "cards": cards,
        "clinics": clinic_cards(),
        "soonest": soonest_visits(limit=3, service_id=service.pk, clinic_id=clinic_id, now=now),
        "currency": organisation().currency,
    }
    return render(request, "tenants/website/book_service.html", context)


@require_GET
@site_page
def time(request: HttpRequest) -> HttpResponse:
    """The picker of a time for a doctor and a service."""
    now = timezone.now()
    doctor = catalogue.doctor_by_slug(request.GET.get("doctor", ""))
    choice = _choice_or_first(request, doctor, now)
    if choice is None:
        return HttpResponseRedirect(f"/doctors/{doctor.slug}/")
    status, problem = 200, None
    try:
        wish = read_wish(request.GET)
    except BadAddress as error:
        wish, status, problem = read_wish(request.GET.__class__("")), error.status, error
    picker = build_picker(
        doctor=doctor,
        service=choice.service,
        clinic=choice.clinic,
        offer=choice.offer,
        wish=wish,
        links=Addresses(base="/book/time/", target="/book/contacts/", keep=choice.query),
        now=now,
    )
    context = _step(request, 2, title=_("Choose a time")) | {
        "doctor": doctor,
        "choice": choice,
        "picker": picker,
        "picker_base": "/book/time/",
        "offered": catalogue.services_of_doctor(doctor),
        "problem": problem,
        "keep_doctor": True,
    }
    is_part = (
        request.headers.get("HX-Request") == "true" and "HX-History-Restore-Request" not in request.headers
    )
    template = "tenants/website/_picker_swap.html" if is_part else "tenants/website/book_time.html"
    response = render(request, template, context, status=status)
    patch_vary_headers(response, ("HX-Request",))
    response.headers["Cache-Control"] = "no-store"
    return response


def _choice_or_first(request: HttpRequest, doctor: Doctor, now: dt.datetime) -> Choice | None:
    if request.GET.get("service"):
        return read_choice(request.GET, now=now)
    offered = [row.service for row in catalogue.services_of_doctor(doctor)]
    if not offered:
        return None
    service = pick_service(offered, "")
    return choose(doctor=doctor, service=service, clinic_slug=request.GET.get("clinic", ""), now=now)


@require_http_methods(["GET", "HEAD", "POST"])
@site_page
def contacts(request: HttpRequest) -> HttpResponse:
    """Details, then a last look, then the booking. What was typed travels in the body and comes back on refusal."""
    now = timezone.now()
    at = read_instant(request.GET.get("at", ""))
    choice = read_choice(request.GET, now=now)
    if request.method == "POST" and request.POST.get("step") == "edit":
        typed = ContactForm(request.POST, region=organisation().country).typed
        return private(
            _form_page(request, choice, at, ContactForm(initial=dict(typed), region=organisation().country))
        )
    if request.method == "POST":
        return private(_send(request, choice, at, now))
    refused = _refusal_of(choice, at, now)
    if refused is not None:
        return private(_time_refused(request, choice, at, refused, form=None))
    return private(_form_page(request, choice, at, _blank_form(request)))


def _send(request: HttpRequest, choice: Choice, at: dt.datetime, now: dt.datetime) -> HttpResponse:
    form = ContactForm(request.POST, region=organisation().country)
    try:
        guests.count_attempt(request, phone="")
        if form.is_from_a_robot or not form.is_valid():
            return _form_page(request, choice, at, form, status=422)
        if request.POST.get("step") == "confirm":
            return _book(request, choice, at, form, now)
        refused = _refusal_of(choice, at, now)
    except TooMany as error:
        response = _form_page(request, choice, at, form, status=error.status, problem=error)
        response.headers["Retry-After"] = str(error.params.get("retry_after", 60))
        return response
    except DomainError as error:
        return _time_refused(request, choice, at, error, form=form)
    if refused is not None:
        return _time_refused(request, choice, at, refused, form=form)
    return _check_page(request, choice, at, form, key=str(uuid4()))


def _book(
    request: HttpRequest, choice: Choice, at: dt.datetime, form: ContactForm, now: dt.datetime
) -> HttpResponse:
    guests.count_attempt(request, phone=form.cleaned_data["phone"])
    appointment = guests.book(
        request, choice=choice, starts_at=at, details=form.cleaned_data, key=_key_of(request), now=now
    )
    return HttpResponseRedirect(f"{manage_path(appointment)}booked/", status=303)


def _refusal_of(choice: Choice, at: dt.datetime, now: dt.datetime) -> DomainError | None:
    """Ask the engine before anything is typed; the booking asks again under its lock."""
    verdict = explain(
        doctor_id=choice.doctor.pk,
        service_id=choice.service.pk,
        clinic_id=choice.clinic.pk,
        starts_at=at,
        now=now,
    )
    return None if verdict.bookable else guests.not_bookable(verdict)


def _blank_form(request: HttpRequest) -> ContactForm:
    return ContactForm(initial=details_of(guests.patient_of(request)), region=organisation().country)


def _form_page(
    request: HttpRequest,
    choice: Choice,
    at: dt.datetime,
    form: ContactForm,
    *,
    status: int = 200,
    problem: DomainError | None = None,
) -> HttpResponse:
    context = _summary(request, 3, _("Your details"), choice, at) | {"form": form, "problem": problem}
    return render(request, "tenants/website/book_contacts.html", context, status=status)


def _check_page(
    request: HttpRequest, choice: Choice, at: dt.datetime, form: ContactForm, *, key: str
) -> HttpResponse:
    context = _summary(request, 4, _("Check and book"), choice, at) | {
        "form": form,
        "key": key,
        "phone": display_phone(form.cleaned_data["phone"]),
    }
    return render(request, "tenants/website/book_check.html", context)


def _time_refused(
    request: HttpRequest, choice: Choice, at: dt.datetime, error: DomainError, *, form: ContactForm | None
) -> HttpResponse:
    """The time cannot be had: say why, offer the three nearest ones, keep what was typed."""
    alternatives = guests.alternatives(choice, at, error, now=timezone.now())
    if error.code in ("not_found", "idempotency_key_reused"):
        return refusal_page(request, error)
    context = _summary(request, 2, _("This time cannot be booked"), choice, at) | {
        "error": error,
        "alternatives": alternatives,
        "form": form,
    }
    return render(request, "tenants/website/book_refused.html", context, status=error.status)


def _summary(request: HttpRequest, step: int, title: str, choice: Choice, at: dt.datetime) -> dict[str, Any]:
    query = {**choice.query, "at": write_instant(at)}
    return _step(request, step, title=title) | {
        "choice": choice,
        "doctor": choice.doctor,
        "at": at,
        "ends_at": at + dt.timedelta(minutes=choice.offer.duration_minutes),
        "zone": choice.offer.time_zone,
        "here": f"/book/contacts/?{urlencode(query)}",
        "other_time": f"/book/time/?{urlencode(query)}#booking",
        "cancel_until": guests.cancel_until(at, now=timezone.now()),
    }


def _step(request: HttpRequest, current: int, *, title: str) -> dict[str, Any]:
    return {"steps": STEPS, "step": current, "seo": seo.describe(request, title=title), "heading": title}


def _key_of(request: HttpRequest) -> str:
    """The key made when the last page was drawn; a damaged one is replaced, which only loses the protection."""
    try:
        return str(UUID(request.POST.get("key", "")))
    except ValueError:
        return str(uuid4())
