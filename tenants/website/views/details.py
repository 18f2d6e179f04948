"""The visitor's details, a last look, the booking. The time is held meanwhile; only the last step books."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID, uuid4

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from saas.core.errors import DomainError, TooMany
from saas.core.phones import display_phone
from tenants.booking.links import manage_path
from tenants.booking.models import Hold
from tenants.booking.selectors import explain
from tenants.clinics.selectors import organisation
from tenants.website import guests
from tenants.website.choices import Choice, read_choice
from tenants.website.forms import ContactForm, details_of
from tenants.website.holding import Keeper
from tenants.website.instants import read_instant, write_instant
from tenants.website.refusals import private, refusal_page, site_page
from tenants.website.views.booking import step_context


@require_http_methods(["GET", "HEAD", "POST"])
@site_page
def contacts(request: HttpRequest) -> HttpResponse:
    """Details, then a last look, then the booking. What was typed travels in the body and comes back on refusal.

    The time is held meanwhile, from the first POST on: scripts send one as soon as the page is there.
    """
    now = timezone.now()
    at = read_instant(request.GET.get("at", ""))
    choice = read_choice(request.GET, now=now)
    keeper = Keeper(request)
    held = keeper.held(choice, at)
    if request.method == "POST":
        answer = _ANSWERS.get(request.POST.get("step", ""), _send)
        return private(keeper.remember(answer(_Step(request, choice, at, now, keeper, held))))
    refused = None if held else _refusal_of(choice, at, now)
    if refused is not None:
        return private(_time_refused(request, choice, at, refused, form=None))
    return private(_form_page(request, choice, at, _blank_form(request), hold=held))


@dataclass(frozen=True, slots=True)
class _Step:
    """One POST of the form: what was chosen, and the visitor's hold on it, if there is one."""

    request: HttpRequest
    choice: Choice
    at: dt.datetime
    now: dt.datetime
    keeper: Keeper
    held: Hold | None

    @property
    def form(self) -> ContactForm:
        return ContactForm(self.request.POST, region=organisation().country)

    @property
    def untouched_form(self) -> ContactForm:
        """What was typed, without complaints about what is not there yet."""
        typed = {name: value for name, value in self.form.typed if value}
        initial = typed or details_of(guests.patient_of(self.request))
        return ContactForm(initial=initial, region=organisation().country)

    @property
    def is_part(self) -> bool:
        return self.request.headers.get("HX-Request") == "true"


def _edit(step: _Step) -> HttpResponse:
    return _form_page(step.request, step.choice, step.at, step.untouched_form, hold=step.held)


def _hold(step: _Step) -> HttpResponse:
    """Hold the time; where that cannot be, the page goes on without, unless the time itself is gone."""
    try:
        held = step.held or step.keeper.hold(step.choice, step.at, now=step.now)
    except TooMany as error:
        return _hold_shown(step, None, problem=error)
    except DomainError as error:
        if step.is_part:
            response = HttpResponse(status=204)
            response.headers["HX-Refresh"] = "true"  # the page itself says why, with other times
            return response
        return _time_refused(step.request, step.choice, step.at, error, form=step.form)
    return _hold_shown(step, held)


def _extend(step: _Step) -> HttpResponse:
    if step.held is None:
        return _hold(step)
    try:
        return _hold_shown(step, step.keeper.extend(step.held))
    except DomainError as error:
        return _hold_shown(step, step.held, problem=error)


def _release(step: _Step) -> HttpResponse:
    step.keeper.release()
    if step.request.POST.get("quietly"):
        return HttpResponse(status=204)
    query = urlencode({**step.choice.query, "at": write_instant(step.at)})
    return HttpResponseRedirect(f"/book/time/?{query}#booking", status=303)


def _hold_shown(step: _Step, hold: Hold | None, *, problem: DomainError | None = None) -> HttpResponse:
    """The part that says until when the time is held; without scripts, the page that the button was on."""
    request, choice, at = step.request, step.choice, step.at
    if step.is_part:
        context = _summary(request, 3, "", choice, at) | {"hold": hold, "hold_problem": problem}
        return render(request, "tenants/website/_hold.html", context)
    form = step.form
    if request.POST.get("key") and form.is_valid():
        return _check_page(request, choice, at, form, key=_key_of(request), hold=hold, problem=problem)
    return _form_page(request, choice, at, step.untouched_form, hold=hold, hold_problem=problem)


def _send(step: _Step) -> HttpResponse:
    request, choice, at, held = step.request, step.choice, step.at, step.held
    form = step.form
    try:
        guests.count_attempt(request, phone="")
        if form.is_from_a_robot or not form.is_valid():
            return _form_page(request, choice, at, form, hold=held, status=422)
        if request.POST.get("step") == "confirm":
            return _book(step, form)
        held = held or _hold_if_allowed(step)
    except TooMany as error:
        response = _form_page(request, choice, at, form, hold=held, status=error.status, problem=error)
        response.headers["Retry-After"] = str(error.params.get("retry_after", 60))
        return response
    except DomainError as error:
        return _time_refused(request, choice, at, error, form=form)
    return _check_page(request, choice, at, form, key=str(uuid4()), hold=held)


def _hold_if_allowed(step: _Step) -> Hold | None:
    """Hold the time; who holds too many goes on without. Raises what the engine refuses."""
    try:
        return step.keeper.hold(step.choice, step.at, now=step.now)
    except TooMany:
        refused = _refusal_of(step.choice, step.at, step.now)
        if refused is not None:
            raise refused from None
        return None


def _book(step: _Step, form: ContactForm) -> HttpResponse:
    guests.count_attempt(step.request, phone=form.cleaned_data["phone"])
    appointment = guests.book(
        step.request,
        choice=step.choice,
        starts_at=step.at,
        details=form.cleaned_data,
        key=_key_of(step.request),
        hold=step.held,
        now=step.now,
    )
    return HttpResponseRedirect(f"{manage_path(appointment)}booked/", status=303)


_ANSWERS: Final[dict[str, Callable[[_Step], HttpResponse]]] = {
    "edit": _edit,
    "hold": _hold,
    "extend": _extend,
    "release": _release,
}


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
    hold: Hold | None,
    status: int = 200,
    problem: DomainError | None = None,
    hold_problem: DomainError | None = None,
) -> HttpResponse:
    context = _summary(request, 3, _("Your details"), choice, at) | {
        "form": form,
        "problem": problem,
        "hold": hold,
        "hold_problem": hold_problem,
    }
    return render(request, "tenants/website/book_contacts.html", context, status=status)


def _check_page(
    request: HttpRequest,
    choice: Choice,
    at: dt.datetime,
    form: ContactForm,
    *,
    key: str,
    hold: Hold | None,
    problem: DomainError | None = None,
) -> HttpResponse:
    context = _summary(request, 4, _("Check and book"), choice, at) | {
        "form": form,
        "key": key,
        "phone": display_phone(form.cleaned_data["phone"]),
        "hold": hold,
        "hold_problem": problem,
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
    return step_context(request, step, title=title) | {
        "choice": choice,
        "doctor": choice.doctor,
        "at": at,
        "ends_at": at + dt.timedelta(minutes=choice.offer.duration_minutes),
        "zone": choice.offer.time_zone,
        "here": f"/book/contacts/?{urlencode(query)}",
        "other_time": f"/book/time/?{urlencode(query)}#booking",
        "cancel_until": guests.cancel_until(at, now=timezone.now()),
    }


def _key_of(request: HttpRequest) -> str:
    """The key made when the last page was drawn; a damaged one is replaced, which only loses the protection."""
    try:
        return str(UUID(request.POST.get("key", "")))
    except ValueError:
        return str(uuid4())
