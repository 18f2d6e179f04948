"""Choosing the patient; visits that were booked together, and cancelling what is left of them."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from saas.core.errors import DomainError
from tenants.audit.actions import actor_of
from tenants.booking.actions.series import cancel_series
from tenants.booking.reservation_errors import SeriesNotFound
from tenants.desk.access import for_reception, staff_of
from tenants.desk.calendar.access import CHANGE, require_change
from tenants.desk.cards.finding import find_people, recent_people
from tenants.desk.repeating.booking import price_of, together_of
from tenants.desk.repeating.views.common import WISH
from tenants.patients.search import patterns


@never_cache
@for_reception
@require_safe
def choose(request: HttpRequest) -> HttpResponse:
    """Whose visits: what the booking panel handed on goes with the patient."""
    user, text = staff_of(request), request.GET.get("q", "")
    enough = bool(patterns(text))
    wish = {name: request.GET[name] for name in WISH if request.GET.get(name)}
    context = {
        "text": text,
        "enough": enough,
        "found": find_people(text, user=user, limit=30) if enough else recent_people(user=user, limit=12),
        "wish": wish,
        "wish_query": f"?{urlencode(wish)}" if wish else "",
    }
    return render(request, "tenants/desk/repeating/choose.html", context)


@never_cache
@for_reception
@require_safe
def visits(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Visits that were booked together."""
    return _visits(request, public_id)


@never_cache
@for_reception
@require_POST
def cancel(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Cancel all of them that are still to come, if they are those that the page showed."""
    require_change(staff_of(request))
    expected = _versions(request.POST.getlist("visit"))
    try:
        cancelled = cancel_series(
            public_id=public_id,
            reason=request.POST.get("reason", ""),
            expected=expected,
            actor=actor_of(request),
            now=timezone.now(),
            for_staff=True,
        )
    except SeriesNotFound as error:
        raise Http404 from error
    except DomainError as error:
        return _visits(request, public_id, problem=str(error), status=error.status)
    count = len(cancelled)
    said = ngettext("%(count)d visit is cancelled.", "%(count)d visits are cancelled.", count) % {
        "count": count
    }
    messages.success(request, said)
    return HttpResponseRedirect(reverse("desk:patient_visits", args=[public_id]))


def _visits(request: HttpRequest, public_id: UUID, *, problem: str = "", status: int = 200) -> HttpResponse:
    try:
        together = together_of(public_id, now=timezone.now())
    except SeriesNotFound as error:
        raise Http404 from error
    context: dict[str, Any] = {
        "together": together,
        "visits": together.visits,
        "patient": together.visits[0].patient if together.visits else None,
        "prices": price_of(together.visits),
        "may_cancel": bool(together.coming) and staff_of(request).has_perm(CHANGE),
        "reason": request.POST.get("reason", ""),
        "problem": problem,
    }
    return render(request, "tenants/desk/repeating/visits.html", context, status=status)


def _versions(values: list[str]) -> dict[UUID, int]:
    """Read which visits, in which versions, the page showed; what it did not send is left aside."""
    found: dict[UUID, int] = {}
    for value in values:
        public_id, _dot, version = value.partition(".")
        if version.isascii() and version.isdigit() and len(version) < 10:  # noqa: PLR2004 - an integer's digits
            try:
                found[UUID(public_id)] = int(version)
            except ValueError:
                continue
    return found
