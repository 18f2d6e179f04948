"""The set-up checklist."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from saas.core.errors import DomainError
from saas.networks.context import current_network
from saas.networks.hosts import network_url
from tenants.audit.actions import Actor, actor_of
from tenants.clinics.selectors import organisation
from tenants.desk import actions
from tenants.desk.access import for_managers
from tenants.desk.forms import ClinicForm, DoctorForm, HoursForm, ServiceForm
from tenants.desk.selectors import (
    TITLES,
    SetupState,
    SetupStep,
    proof_of_bookability,
    setup_state,
)

_REFUSED: Final = 422


@dataclass(frozen=True, slots=True)
class _Step:
    """How a step is filled in: its form, what writes it, what must be there first, and where it is edited later."""

    form: type[forms.Form]
    write: Callable[..., object]
    needs: tuple[SetupStep, ...]
    listing: str
    intro: str | Promise


_STEPS: Final[dict[SetupStep, _Step]] = {
    SetupStep.CLINIC: _Step(
        ClinicForm,
        actions.add_clinic,
        (),
        "clinics:index",
        gettext_lazy("Where patients come, and when it is noon there."),
    ),
    SetupStep.DOCTOR: _Step(
        DoctorForm,
        actions.add_doctor,
        (SetupStep.CLINIC,),
        "doctors:index",
        gettext_lazy("One is enough to begin. Photo and biography can follow."),
    ),
    SetupStep.SERVICE: _Step(
        ServiceForm,
        actions.add_service,
        (SetupStep.CLINIC, SetupStep.DOCTOR),
        "services:index",
        gettext_lazy("What patients book, what it costs and how long it takes."),
    ),
    SetupStep.HOURS: _Step(
        HoursForm,
        actions.add_hours,
        (SetupStep.CLINIC, SetupStep.DOCTOR),
        "hours:index",
        gettext_lazy("When the doctor sees patients, on the clinic's clock."),
    ),
}

_FIX: Final = {
    "no_clinic": SetupStep.CLINIC,
    "no_doctor": SetupStep.DOCTOR,
    "no_service": SetupStep.SERVICE,
    "no_hours": SetupStep.HOURS,
    "hours_not_current": SetupStep.HOURS,
}
_FIX_LISTING: Final = {
    "doctor_without_clinic": "doctors:index",
    "service_without_doctor": "services:index",
    "service_without_clinic": "services:index",
    "not_linked": "services:index",
    "all_booked": "hours:index",
}


@never_cache
@for_managers
@require_safe
def setup(request: HttpRequest) -> HttpResponse:
    """The checklist, opened at the first step that is not done."""
    state = setup_state()
    return _page(request, state, state.current or SetupStep.LIVE)


@never_cache
@for_managers
@require_http_methods(["GET", "HEAD", "POST"])
def setup_step(request: HttpRequest, step: str) -> HttpResponse:
    """One step: its form, or, for the last, the proof that a patient can book."""
    state = setup_state()
    try:
        current = SetupStep(step)
    except ValueError as error:
        raise Http404 from error
    if current == SetupStep.LIVE:
        return _live(request, state)
    definition = _STEPS[current]
    missing = next((needed for needed in definition.needs if not state.is_done(needed)), None)
    if missing is not None:
        messages.info(request, _("First comes this step: %(step)s.") % {"step": TITLES[missing]})
        return HttpResponseRedirect(reverse("desk:setup_step", args=[missing.value]))
    if request.method != "POST":
        return _page(request, state, current)
    form = definition.form(request.POST)
    if form.is_valid() and _written(form, definition, actor_of(request)):
        messages.success(request, _("Saved."))
        return HttpResponseRedirect(reverse("desk:setup"))
    return _page(request, state, current, form=form, status=_REFUSED)


def _written(form: forms.Form, definition: _Step, actor: Actor) -> bool:
    """Carry the step out; what it refuses becomes the form's error."""
    try:
        definition.write(**form.cleaned_data, actor=actor)
    except ValidationError as error:
        form.add_error(None, error.messages)
        return False
    except DomainError as error:
        form.add_error(None, str(error))
        return False
    return True


def _live(request: HttpRequest, state: SetupState) -> HttpResponse:
    if request.method != "POST":
        return _page(request, state, SetupStep.LIVE)
    try:
        actions.go_live(actor=actor_of(request), now=timezone.now())
    except DomainError as error:
        return _page(request, state, SetupStep.LIVE, problem=str(error), status=error.status)
    messages.success(request, _("The site is live: patients can book."))
    return HttpResponseRedirect(reverse("desk:setup"))


def _page(
    request: HttpRequest,
    state: SetupState,
    current: SetupStep,
    *,
    form: forms.Form | None = None,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    context: dict[str, Any] = {
        "items": [_item(step, state, current) for step in SetupStep],
        "done_count": state.done_count,
        "total": len(SetupStep),
        "step": current.value,
        "step_title": TITLES[current],
        "is_live": state.went_live_at is not None,
        "problem": problem,
        "site_url": network_url(current_network().primary_host),
        "organisation": organisation(),
    }
    if current == SetupStep.LIVE:
        context["proof"], blockers = proof_of_bookability(now=timezone.now())
        context["blockers"] = [
            {"message": blocker.message, "url": _fix_url(blocker.code, blocker.fix_url)}
            for blocker in blockers
        ]
    else:
        definition = _STEPS[current]
        context["form"] = form or definition.form()
        context["intro"] = definition.intro
        context["listing_url"] = reverse(definition.listing) if state.counts[current] else ""
    return render(request, "tenants/desk/setup.html", context, status=status)


def _item(step: SetupStep, state: SetupState, current: SetupStep) -> dict[str, str]:
    """Return a row of the checklist component."""
    done = state.is_done(step)
    pending = "now" if step == current else "todo"
    item = {"title": str(TITLES[step]), "state": "done" if done else pending}
    if step != current:
        item["url"] = reverse("desk:setup_step", args=[step.value])
        item["action"] = _("Add more") if done and step != SetupStep.LIVE else pgettext("button", "Open")
    return item


def _fix_url(code: str, default: str) -> str:
    if code in _FIX:
        return reverse("desk:setup_step", args=[_FIX[code].value])
    return reverse(_FIX_LISTING[code]) if code in _FIX_LISTING else default
