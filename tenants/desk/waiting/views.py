"""The waiting list: who waits, for what, how long; getting on and off it."""

import datetime as dt
from typing import Final
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from saas.core.errors import DomainError
from tenants.audit.actions import actor_of
from tenants.booking.actions.waitlist import join_waitlist, leave_waitlist
from tenants.booking.selectors.waitlist import fairness_log, waiting_entries
from tenants.clinics.selectors import organisation
from tenants.desk.access import for_reception, staff_of
from tenants.desk.cards.card import patient_for
from tenants.desk.waiting.forms import WaitForm

_PAGE: Final = 50
_LOGGED: Final = 20
_REFUSED: Final = 422


@never_cache
@for_reception
@require_safe
def waitlist(request: HttpRequest) -> HttpResponse:
    """Who waits, the most urgent and the longest waiting first, and the latest offers with their reasons."""
    now = timezone.now()
    page = Paginator(waiting_entries(), _PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "entries": list(page.object_list),
        "offers": list(
            fairness_log(since=now - dt.timedelta(days=30), until=now + dt.timedelta(days=1))[:_LOGGED]
        ),
        "now": now,
    }
    return render(request, "tenants/desk/waiting/waitlist.html", context)


@never_cache
@for_reception
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Put a patient on the list."""
    try:
        patient = patient_for(staff_of(request), public_id)
    except DomainError as error:
        raise Http404 from error
    form = WaitForm(request.POST or None, today=timezone.now().date())
    problem = ""
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            join_waitlist(
                patient_id=patient.pk,
                service_id=said["service"].pk,
                doctor_id=said["doctor"].pk if said["doctor"] else None,
                clinic_id=said["clinic"].pk if said["clinic"] else None,
                earliest=said["earliest"],
                latest=said["latest"],
                urgency=said["urgency"],
                language=patient.language or organisation().language,
                actor=actor_of(request),
                now=timezone.now(),
            )
        except DomainError as error:
            problem = str(error)
        else:
            messages.success(request, _("On the waiting list. A freed time is offered by itself."))
            return HttpResponseRedirect(reverse("desk:patient", args=[public_id]))
    context = {"form": form, "patient": patient, "problem": problem}
    status = _REFUSED if form.is_bound else 200
    return render(request, "tenants/desk/waiting/join.html", context, status=status)


@never_cache
@for_reception
@require_POST
def leave(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Take somebody off the list."""
    try:
        entry = leave_waitlist(public_id=public_id, actor=actor_of(request), now=timezone.now())
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("%(name)s is off the waiting list.") % {"name": entry.patient.full_name})
    return HttpResponseRedirect(reverse("desk:waitlist"))
