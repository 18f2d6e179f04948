"""One session: who takes part, its room, its end; on the screen and on paper."""

from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from saas.core.errors import DomainError
from tenants.audit.actions import actor_of
from tenants.booking.actions.groups import cancel_session
from tenants.booking.actions.rooming import change_session_room
from tenants.booking.models import GroupSession, PaymentMethod
from tenants.booking.reservation_errors import SessionNotFound
from tenants.booking.selectors.rooms import rooms_held
from tenants.desk.access import for_staff, staff_of
from tenants.desk.cards.finding import find_people
from tenants.desk.sessions.access import (
    may_change_session,
    may_open,
    require_open,
    require_session_change,
)
from tenants.desk.sessions.forms import ReasonForm, RoomForm, SeatForm
from tenants.desk.sessions.selectors import seats_of, session_for, visits_to_cancel
from tenants.patients.search import patterns

_REFUSED: Final = 422


@never_cache
@for_staff
@require_safe
def session(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The roster, with the finder of patients."""
    return roster_page(request, found_session(request, public_id))


@never_cache
@for_staff
@require_safe
def people(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Patients who fit what was typed, each with a button that gives them a seat."""
    found = found_session(request, public_id)
    user = staff_of(request)
    require_session_change(user, found)
    return render(request, "tenants/desk/sessions/_people.html", _finder(request, found))


@never_cache
@for_staff
@require_POST
def room(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Let the session take place in another room."""
    require_open(staff_of(request))
    found = found_session(request, public_id)
    form = RoomForm(request.POST)
    if not form.is_valid():
        return roster_page(request, found, problem=_("Choose a room."), status=_REFUSED)
    try:
        change_session_room(
            session_id=public_id,
            room_id=form.cleaned_data["room"],
            instead_of=form.cleaned_data["leaves"],
            actor=actor_of(request),
            now=timezone.now(),
        )
    except DomainError as error:
        return roster_page(request, found, problem=str(error), status=error.status)
    messages.success(request, _("The session is in another room now."))
    return HttpResponseRedirect(reverse("desk:session", args=[public_id]))


@never_cache
@for_staff
@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Cancel the session: first how many patients it concerns, then all of it."""
    require_open(staff_of(request))
    found = found_session(request, public_id)
    form = ReasonForm(request.POST or None)
    count = visits_to_cancel(found)
    problem, status = "", 200
    if request.method == "POST":
        status = _REFUSED
        if form.is_valid():
            try:
                cancel_session(
                    session_id=public_id,
                    reason=form.cleaned_data["reason"],
                    actor=actor_of(request),
                    now=timezone.now(),
                )
            except DomainError as error:
                problem, status = str(error), error.status
            else:
                text = ngettext(
                    "The session is cancelled, with %(count)d visit.",
                    "The session is cancelled, with %(count)d visits.",
                    count,
                )
                messages.success(request, text % {"count": count})
                return HttpResponseRedirect(reverse("desk:sessions"))
    context = {"session": found, "form": form, "count": count, "problem": problem}
    return render(request, "tenants/desk/sessions/cancel.html", context, status=status)


@never_cache
@for_staff
@require_safe
def printed(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The roster on paper, with room for a signature."""
    found, now = found_session(request, public_id), timezone.now()
    context = {
        "session": found,
        "seats": [row for row in seats_of(found, may_change=False, now=now) if not row.is_gone],
        "rooms": rooms_held(found),
        "now": now,
    }
    return render(request, "tenants/desk/sessions/print.html", context)


def found_session(request: HttpRequest, public_id: UUID) -> GroupSession:
    """Return the session, if the user may see it. Raises Http404."""
    try:
        return session_for(staff_of(request), public_id)
    except SessionNotFound as error:
        raise Http404 from error


def roster_page(
    request: HttpRequest,
    found: GroupSession,
    *,
    form: SeatForm | None = None,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    user, now = staff_of(request), timezone.now()
    changeable = may_change_session(user, found)
    is_to_come = found.cancelled_at is None and found.starts_at > now
    context: dict[str, Any] = {
        "session": found,
        "seats": seats_of(found, may_change=changeable, now=now),
        "rooms": rooms_held(found),
        "local_date": found.starts_at.astimezone(found.clinic.zone).date(),
        "free": found.capacity - found.taken,
        "is_to_come": is_to_come,
        "is_over": found.cancelled_at is not None or found.ends_at <= now,
        "may_change": changeable,
        "may_open": may_open(user),
        "may_add": changeable and is_to_come,
        "payment_methods": PaymentMethod.choices,
        "form": form or SeatForm(),
        "problem": problem,
        **_finder(request, found),
    }
    return render(request, "tenants/desk/sessions/session.html", context, status=status)


def _finder(request: HttpRequest, found: GroupSession) -> dict[str, Any]:
    text = request.GET.get("q", "")
    enough = bool(patterns(text))
    return {
        "session": found,
        "text": text,
        "enough": enough,
        "found": find_people(text, user=staff_of(request)) if enough else [],
    }
