"""Drafts of hours: the next eight weeks without and with them, and their publication."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from wagtail.admin import messages

from saas.core.sorting import alphabetical
from tenants.audit.actions import actor_of
from tenants.booking.windows.drafts import draft_of_hours
from tenants.booking.windows.impact import visits_left_outside
from tenants.booking.windows.preview import preview
from tenants.booking.windows.publishing import Publication, plan_publication, publish_hours
from tenants.cms.admin.impact import ask, carry_out, decision_on
from tenants.doctors.models import Doctor, ScheduleState


def choose_doctor(request: HttpRequest) -> HttpResponse:
    """List the doctors with drafts and how many there are. One query."""
    drafts = Count("schedules", filter=Q(schedules__is_active=True, schedules__state=ScheduleState.DRAFT))
    doctors = Doctor.objects.annotate(drafts=drafts).filter(drafts__gt=0).select_related("user")
    return render(
        request,
        "tenants/cms/hours_drafts.html",
        {"doctors": doctors.order_by(*alphabetical("user__last_name", "user__first_name", "pk"))},
    )


def publish_drafts(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what publishing a doctor's drafts would change; with POST, publish them.

    Where visits would break, it asks first what is to become of them. `replace` (1 or 0): the drafts take the
    place of the hours in their clinics, or come beside them.
    """
    doctor = get_object_or_404(Doctor.objects.select_related("user"), pk=pk)
    replace = (request.POST or request.GET).get("replace", "1") == "1"
    today = timezone.localdate()
    try:
        plan = plan_publication(doctor_id=doctor.pk, replace=replace, today=today)
    except ValidationError as error:
        return _page(request, doctor, replace=replace, plan=None, problem=" ".join(error.messages))
    if request.method != "POST":
        return _page(request, doctor, replace=replace, plan=plan)
    broken = visits_left_outside(draft=plan.draft, now=timezone.now())
    decision = decision_on(request, broken)
    if broken and decision is None:
        return ask(request, broken)
    try:
        publish_hours(doctor_id=doctor.pk, replace=replace, actor=actor_of(request), today=today)
    except ValidationError as error:  # changed by somebody else a moment ago
        return _page(request, doctor, replace=replace, plan=None, problem=" ".join(error.messages))
    messages.success(request, _("The hours are published."))
    if decision is not None:
        carry_out(request, decision, broken, reason=str(_("Change of working hours")), on=doctor)
    return redirect("hours:index")


def _page(
    request: HttpRequest, doctor: Doctor, *, replace: bool, plan: Publication | None, problem: str = ""
) -> HttpResponse:
    draft = plan.draft if plan is not None else draft_of_hours(doctor_id=doctor.pk)
    shown = preview(doctor_id=doctor.pk, draft=draft, today=timezone.localdate())
    context: dict[str, Any] = {
        "doctor": doctor,
        "replace": replace,
        "plan": plan,
        "problem": problem,
        "preview": shown,
        "broken": len(visits_left_outside(draft=draft, now=timezone.now())) if plan is not None else 0,
    }
    return render(request, "tenants/cms/hours_publish.html", context)
