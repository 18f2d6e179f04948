"""Times offered by link: from the waiting list, and for visits that have to move. One tap answers, looking does not."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from saas.core.errors import DomainError
from tenants.audit.actions import actor_of
from tenants.booking.actions.rebooking import accept_proposal, decline_proposal
from tenants.booking.actions.waitlist import accept_offer, decline_offer, leave_waitlist
from tenants.booking.links import (
    entry_from_token,
    entry_path,
    manage_path,
    offer_from_token,
    offer_path,
    proposal_from_token,
)
from tenants.booking.models import Appointment, OfferState, WaitlistState
from tenants.booking.selectors.waitlist import OPEN_STATES
from tenants.website import seo
from tenants.website.refusals import private, site_page


@require_http_methods(["GET", "HEAD", "POST"])
@site_page
def offer(request: HttpRequest, token: str) -> HttpResponse:
    """A time for somebody on the waiting list: take it or leave it to the next."""

    def page(problem: DomainError | None = None) -> HttpResponse:
        found = offer_from_token(token)
        context = _context(request, _("A time has become free"), problem) | {
            "offer": found,
            "hold": found.hold,
            "entry": found.entry,
            "patient": found.entry.patient,
            "moves": found.entry.appointment,
            "zone": found.hold.clinic.time_zone,
            "is_open": found.state == OfferState.OPEN and found.expires_at > timezone.now(),
            "visit_path": manage_path(found.entry.appointment) if found.entry.appointment else "",
            "entry_path": entry_path(found.entry),
        }
        return _page(request, "tenants/website/offer.html", context, problem)

    def accept() -> Appointment:
        found = offer_from_token(token)
        return accept_offer(public_id=found.public_id, actor=actor_of(request), now=timezone.now())

    def decline() -> None:
        found = offer_from_token(token)
        decline_offer(public_id=found.public_id, actor=actor_of(request), now=timezone.now())

    return _answer(request, page=page, accept=accept, decline=decline)


@require_http_methods(["GET", "HEAD", "POST"])
@site_page
def proposal(request: HttpRequest, token: str) -> HttpResponse:
    """A new time for a visit that has to move."""

    def page(problem: DomainError | None = None) -> HttpResponse:
        found = proposal_from_token(token)
        context = _context(request, _("A new time for your visit"), problem) | {
            "proposal": found,
            "hold": found.hold,
            "appointment": found.appointment,
            "is_open": found.state == OfferState.OPEN
            and found.expires_at is not None
            and found.expires_at > timezone.now(),
            "visit_path": manage_path(found.appointment),
        }
        return _page(request, "tenants/website/proposal.html", context, problem)

    def accept() -> Appointment:
        found = proposal_from_token(token)
        return accept_proposal(public_id=found.public_id, actor=actor_of(request), now=timezone.now())

    def decline() -> None:
        found = proposal_from_token(token)
        decline_proposal(public_id=found.public_id, actor=actor_of(request), now=timezone.now())

    return _answer(request, page=page, accept=accept, decline=decline)


@require_http_methods(["GET", "HEAD", "POST"])
@site_page
def waiting(request: HttpRequest, token: str) -> HttpResponse:
    """A place on the waiting list: what is waited for, an offer if there is one, and the way off the list."""
    problem: DomainError | None = None
    if request.method == "POST":
        entry = entry_from_token(token)
        try:
            leave_waitlist(public_id=entry.public_id, actor=actor_of(request), now=timezone.now())
        except DomainError as error:
            problem = error
        else:
            return private(HttpResponseRedirect(request.path, status=303))
    entry = entry_from_token(token)
    open_offer = entry.offers.filter(state=OfferState.OPEN, expires_at__gt=timezone.now()).first()
    context = _context(request, _("Waiting list"), problem) | {
        "entry": entry,
        "is_open": entry.state in OPEN_STATES,
        "has_left": entry.state == WaitlistState.LEFT,
        "offer_path": offer_path(open_offer) if open_offer else "",
        "visit_path": manage_path(entry.appointment) if entry.appointment else "",
    }
    return _page(request, "tenants/website/waiting.html", context, problem)


def _answer(
    request: HttpRequest,
    *,
    page: Callable[..., HttpResponse],
    accept: Callable[[], Appointment],
    decline: Callable[[], None],
) -> HttpResponse:
    """Show the page, or carry out the answer; what refuses it is said on the same page."""
    if request.method != "POST":
        return page()
    try:
        if request.POST.get("answer") == "accept":
            return private(HttpResponseRedirect(f"{manage_path(accept())}booked/", status=303))
        if request.POST.get("answer") == "decline":
            decline()
            return private(HttpResponseRedirect(request.path, status=303))
    except DomainError as error:
        return page(error)
    return page()


def _context(request: HttpRequest, title: str, problem: DomainError | None) -> dict[str, Any]:
    return {
        "heading": title,
        "problem": problem,
        "here": request.path,
        "seo": seo.describe(request, title=title, path="/visits/"),
    }


def _page(
    request: HttpRequest, template: str, context: dict[str, Any], problem: DomainError | None
) -> HttpResponse:
    return private(render(request, template, context, status=problem.status if problem else 200))
