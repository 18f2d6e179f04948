"""Several services in one visit: what is wanted, the ways there are, booking one of them."""

import datetime as dt
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from saas.core.errors import DomainError
from tenants.booking.actions.chains import Part
from tenants.booking.models import AppointmentSource
from tenants.booking.reservation_errors import ChainConflict
from tenants.booking.selectors.chains import Chain, find_chains
from tenants.clinics.models import Clinic
from tenants.desk.access import for_reception
from tenants.desk.office.wishes import Choices, Time, named
from tenants.desk.repeating.booking import book_in_one_visit, key_of, new_key
from tenants.desk.repeating.forms import PARTS, ChainForm
from tenants.desk.repeating.sheet import epoch_of, instant_of
from tenants.desk.repeating.views.common import REFUSED, booker_of, everything, patient_or_404, today_in
from tenants.patients.models import Patient

WAYS: Final = 6
_LATER_DAYS: Final = 14
_LONGEST_ID: Final = 18


@dataclass(frozen=True, slots=True)
class Way:
    """One way to have the visit, with names; `value` is what the form sends back."""

    chain: Chain
    times: list[Time]
    value: str
    zone: str
    minutes: int
    waiting_minutes: int


@never_cache
@for_reception
@require_http_methods(["GET", "HEAD", "POST"])
def several(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Choose services, a clinic and a day; see the ways there are; book one."""
    patient = patient_or_404(request, public_id)
    now, choices = timezone.now(), everything()
    today = today_in(choices.clinics, now)
    if request.method == "POST":
        form = ChainForm(request.POST, choices=choices, today=today)
        if not form.is_valid():
            return _page(request, patient, form, choices, now=now, status=REFUSED)
        return _book(request, patient, form, choices, now=now)
    if "day" in request.GET:
        form = ChainForm(request.GET, choices=choices, today=today)
        form.is_valid()
        return _page(request, patient, form, choices, now=now)
    initial = {
        "day": today,
        "clinic": _number(request.GET.get("clinic", "")),
        "service_1": _number(request.GET.get("service", "")),
        "doctor_1": _number(request.GET.get("doctor", "")),
    }
    return _page(request, patient, ChainForm(initial=initial, choices=choices, today=today), choices, now=now)


def _book(
    request: HttpRequest, patient: Patient, form: ChainForm, choices: Choices, *, now: dt.datetime
) -> HttpResponse:
    said = form.cleaned_data
    parts = _parts_of(request.POST.get("way", ""))
    if not parts:
        problem = _("Choose one of the ways.")
        return _page(request, patient, form, choices, now=now, problem=problem, status=REFUSED)
    try:
        series = book_in_one_visit(
            booker_of(request, patient, notes=said["notes"], now=now), clinic_id=said["clinic"], parts=parts
        )
    except ValidationError as error:
        problem = " ".join(error.messages)
        return _page(request, patient, form, choices, now=now, problem=problem, status=REFUSED)
    except DomainError as error:
        problem = str(error)
        if isinstance(error, ChainConflict):
            problem = f"{problem} {_part_words(error)}"
        return _page(request, patient, form, choices, now=now, problem=problem, status=error.status)
    return HttpResponseRedirect(reverse("desk:patient_visits", args=[series]))


def _part_words(error: ChainConflict) -> str:
    return _("Part %(number)d: %(reason)s") % {
        "number": error.params["part"],
        "reason": error.params["reason"],
    }


def _page(
    request: HttpRequest,
    patient: Patient,
    form: ChainForm,
    choices: Choices,
    *,
    now: dt.datetime,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    ways: list[Way] | None = None
    is_later = False
    clinic = form.chosen_clinic() if form.is_bound and form.is_valid() else None
    if clinic is not None:
        ways, is_later = _ways(patient, form, clinic, choices, now=now)
    key = request.POST.get("key", "")
    context: dict[str, Any] = {
        "patient": patient,
        "form": form,
        "shown": _shown(form),
        "ways": ways,
        "is_later": is_later,
        "clinic": clinic,
        "problem": problem,
        "key": key_of(key) if key else new_key(),
        "picked": request.POST.get("way", ""),
    }
    return render(request, "tenants/desk/repeating/several.html", context, status=status)


def _ways(
    patient: Patient, form: ChainForm, clinic: Clinic, choices: Choices, *, now: dt.datetime
) -> tuple[list[Way], bool]:
    """Return the ways on the day, soonest first; when there is none, those of the days after, and True."""
    said = form.cleaned_data
    not_before = said["not_before"] or dt.time()
    since = dt.datetime.combine(said["day"], not_before, tzinfo=clinic.zone)
    next_day = dt.datetime.combine(said["day"] + dt.timedelta(days=1), dt.time(), tzinfo=clinic.zone)
    for begin, days in ((since, 1), (next_day, _LATER_DAYS)):
        end = next_day if days == 1 else next_day + dt.timedelta(days=days)
        found = find_chains(
            wanted=form.wanted,
            clinic_id=clinic.pk,
            since=begin,
            until=end,
            now=now,
            patient_id=patient.pk,
            any_order=not said["keep_order"],
            soonest_first=True,
            for_staff=True,
            channel=AppointmentSource.DESK,
            limit=WAYS,
        )
        if found:
            return [_way(chain, choices) for chain in found], days > 1
    return [], False


def _way(chain: Chain, choices: Choices) -> Way:
    length = chain.ends_at - chain.starts_at
    return Way(
        chain=chain,
        times=named(list(chain.slots), choices),
        value="_".join(
            f"{slot.doctor_id}.{slot.service_id}.{epoch_of(slot.starts_at)}" for slot in chain.slots
        ),
        zone=chain.slots[0].time_zone,
        minutes=int(length.total_seconds()) // 60,
        waiting_minutes=int(chain.waiting.total_seconds()) // 60,
    )


def _parts_of(value: str) -> list[Part]:
    """Read a way back; empty for anything that this page did not offer."""
    parts: list[Part] = []
    for text in value.split("_")[:PARTS]:
        doctor, _dot, rest = text.partition(".")
        service, _dot, epoch = rest.partition(".")
        starts_at = instant_of(epoch)
        doctor_id, service_id = _number(doctor), _number(service)
        if starts_at is None or doctor_id is None or service_id is None:
            return []
        parts.append(Part(doctor_id=doctor_id, service_id=service_id, starts_at=starts_at))
    return parts


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _LONGEST_ID else None


def _shown(form: ChainForm) -> int:
    """How many pairs of fields the page opens with: what is chosen and one more, at least two."""
    chosen = sum(1 for service, _doctor in form.parts if service.value())
    return min(PARTS, max(2, chosen + 1))
