"""What stands beside the calendar: the visit that is open, a group session, blocked time. Parts for htmx."""

from uuid import UUID

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from saas.accounts.roles import Role
from saas.core.errors import DomainError
from tenants.audit.actions import actor_of
from tenants.booking.models import GroupSession
from tenants.desk.access import for_staff
from tenants.desk.calendar.access import require_change, staff_of, visit_for
from tenants.desk.calendar.forms import ReasonForm, cleaned
from tenants.desk.calendar.sheet import state_of
from tenants.desk.calendar.steps import STEPS
from tenants.desk.calendar.views.answers import (
    REFUSED,
    block_for,
    block_panel,
    changed,
    gone,
    visit_panel,
)
from tenants.desk.calendar.words import BADGES, STATES


@never_cache
@for_staff
@require_safe
def visit(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The visit that is open."""
    try:
        found = visit_for(staff_of(request), public_id)
    except DomainError as error:
        return gone(request, error)
    return visit_panel(request, found)


@never_cache
@for_staff
@require_POST
def progress(request: HttpRequest, public_id: UUID, action: str) -> HttpResponse:
    """Carry out a step of the visit and show it again; a refusal is shown in its panel."""
    step = STEPS.get(action)
    if step is None:
        raise Http404
    user = staff_of(request)
    try:
        found = visit_for(user, public_id)
    except DomainError as error:
        return gone(request, error)
    require_change(user, doctor_id=found.doctor_id)
    try:
        form = cleaned(ReasonForm(request.POST))
        step.run(public_id, form["version"], actor_of(request), timezone.now(), request.POST.dict())
    except ValidationError as error:
        return visit_panel(request, found, problem=" ".join(error.messages), status=REFUSED)
    except DomainError as error:
        fresh = visit_for(user, public_id)
        return changed(
            visit_panel(request, fresh, problem=str(error), status=error.status), message="", say=False
        )
    fresh = visit_for(user, public_id)
    undo = {"kind": "restore", "id": str(public_id), "version": fresh.version} if step.ends else None
    return changed(visit_panel(request, fresh), message=str(step.done), undo=undo)


@never_cache
@for_staff
@require_safe
def session(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """A group session: who takes part."""
    user = staff_of(request)
    sessions = GroupSession.objects.select_related("doctor__user", "service", "clinic")
    if user.role == Role.DOCTOR:
        sessions = sessions.filter(doctor__user=user)
    found = sessions.filter(public_id=public_id).first()
    if found is None:
        return gone(request, None)
    visits = [
        {"visit": visit, "word": STATES[state_of(visit)], "badge": BADGES[state_of(visit)]}
        for visit in found.appointments.select_related("patient").order_by("pk")
    ]
    return render(request, "tenants/desk/calendar/_session.html", {"session": found, "visits": visits})


@never_cache
@for_staff
@require_safe
def blocked(request: HttpRequest, pk: int) -> HttpResponse:
    """Blocked time: why, and a button that opens it again."""
    user = staff_of(request)
    found = block_for(user, pk)
    return gone(request, None) if found is None else block_panel(request, found)
