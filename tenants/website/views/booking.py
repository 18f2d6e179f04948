"""Booking: service or doctor, time, details, check, done. Every step is a page; only the last one writes."""

import datetime as dt
from typing import Any, Final

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from tenants.booking.selectors import explain_no_slots
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
from tenants.website import catalogue, seo
from tenants.website.choices import Choice, choose, pick_service, read_choice, read_wish
from tenants.website.instants import BadAddress
from tenants.website.picker import Addresses, build_picker
from tenants.website.refusals import site_page
from tenants.website.unmet import note_vain_pick, note_vain_search

STEPS: Final = (
    gettext_lazy("Doctor or service"),
    gettext_lazy("Time"),
    gettext_lazy("Your details"),
    gettext_lazy("Check and book"),
)
_SOONEST: Final = 6
_FOUND: Final = 8


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
    if not soonest and (specialization or clinic):
        note_vain_search(
            request,
            wanted_on=now.date(),
            specialization_id=specialization.pk if specialization else None,
            clinic_id=clinic.pk if clinic else None,
        )
    context = step_context(request, 1, title=_("Book a visit")) | {
        "soonest": soonest,
        "specializations": specializations_in_use(),
        "specialization": specialization,
        "clinics": clinic_cards(),
        "clinic": clinic,
        "query": query,
        "groups": catalogue.price_tree(query=query),
        "cards": doctor_cards(catalogue.find_doctors(query=query)[:_FOUND], now=now) if query else [],
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
    soonest = soonest_visits(limit=3, service_id=service.pk, clinic_id=clinic_id, now=now)
    if not soonest:
        note_vain_search(request, wanted_on=now.date(), service_id=service.pk, clinic_id=clinic_id)
    context = step_context(request, 1, title=service.name) | {
        "service": service,
        "clinic": clinic,
        "cards": cards,
        "clinics": clinic_cards(),
        "soonest": soonest,
        "currency": organisation().currency,
    }
    return render(request, "tenants/website/book_service.html", context)


@require_GET
@site_page
def time(request: HttpRequest) -> HttpResponse:
    """The picker of a time for a doctor and a service."""
    if not request.GET.get("doctor"):
        return HttpResponseRedirect(reverse("book"))
    now = timezone.now()
    doctor = catalogue.doctor_by_slug(request.GET["doctor"])
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
    note_vain_pick(request, picker, wish)
    context = step_context(request, 2, title=_("Choose a time")) | {
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


def step_context(request: HttpRequest, current: int, *, title: str) -> dict[str, Any]:
    """Return what every step's page shows: where the visitor is, and the heading."""
    return {"steps": STEPS, "step": current, "seo": seo.describe(request, title=title), "heading": title}
