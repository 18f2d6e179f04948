"""Repeated visits: what is wanted, the sheet with all dates, booking them."""

import datetime as dt
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from saas.core.errors import DomainError
from tenants.booking.models import AppointmentSource
from tenants.booking.reservation_errors import SeriesConflict
from tenants.booking.selectors.series import MOST_DATES, plan_series
from tenants.desk.access import for_reception
from tenants.desk.office.wishes import choices_for, next_times, place_of, wish_of
from tenants.desk.repeating.booking import book_repeated, key_of, new_key
from tenants.desk.repeating.forms import SeriesForm
from tenants.desk.repeating.sheet import Row, Ticked, refused_of, rows_of, ticked_of
from tenants.desk.repeating.views.common import REFUSED, booker_of, everything, patient_or_404, today_in
from tenants.patients.models import Patient


@never_cache
@for_reception
@require_http_methods(["GET", "HEAD", "POST"])
def repeat(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Choose what is repeated and when; see all dates with their conflicts; book them at once."""
    patient = patient_or_404(request, public_id)
    now = timezone.now()
    if request.method != "POST":
        return _asked(request, patient, now)
    choices = everything()
    form = SeriesForm(request.POST, choices=choices, today=today_in(choices.clinics, now))
    step = request.POST.get("step", "")
    if step in {"", "back"}:
        return _wanted(request, patient, form, step=step, now=now)
    return _sheet(request, patient, form, step=step, now=now)


def _asked(request: HttpRequest, patient: Patient, now: dt.datetime) -> HttpResponse:
    """The empty form, with what the booking panel handed on; its lists are narrowed by what is chosen."""
    data = request.GET.dict()
    place = place_of(data.get("slot", ""))
    picked_at = None
    if place is not None:
        doctor, clinic, service, picked_at = place
        data |= {"doctor": str(doctor), "clinic": str(clinic), "service": str(service)}
    wish = wish_of(data)
    choices = choices_for(wish)
    soonest = None
    if wish.doctor is not None and wish.service is not None:
        soonest = next(iter(next_times(wish, choices, now=now, limit=1)), None)
    initial: dict[str, Any] = {"service": wish.service, "doctor": wish.doctor, "clinic": wish.clinic}
    if soonest is not None:
        begins_at = picked_at or soonest.slot.starts_at
        local = begins_at.astimezone(ZoneInfo(soonest.slot.time_zone))
        initial |= {"first_day": local.date(), "first_time": local.time()}
        initial["clinic"] = wish.clinic or soonest.slot.clinic_id
    form = SeriesForm(initial=initial, choices=choices, today=today_in(choices.clinics, now))
    context = {"patient": patient, "form": form, "wish": wish, "soonest": soonest}
    return render(request, "tenants/desk/repeating/series.html", context)


def _wanted(
    request: HttpRequest, patient: Patient, form: SeriesForm, *, step: str, now: dt.datetime
) -> HttpResponse:
    """The form that was sent: its dates on a sheet, or the form again."""
    problem = ""
    if step != "back" and form.is_valid():
        try:
            return _show(request, patient, form, Ticked(dates=form.dates), now=now)
        except DomainError as error:
            problem = str(error)
    context = {"patient": patient, "form": form, "problem": problem, "wish": wish_of(request.POST.dict())}
    status = 200 if step == "back" else REFUSED
    return render(request, "tenants/desk/repeating/series.html", context, status=status)


def _sheet(
    request: HttpRequest, patient: Patient, form: SeriesForm, *, step: str, now: dt.datetime
) -> HttpResponse:
    """The sheet that came back: checked again, with a date more, or booked."""
    form.is_valid()  # its dates are on the sheet: only what is repeated counts
    if any(name in form.errors for name in ("service", "doctor", "clinic", "notes")):
        return _wanted(request, patient, form, step="", now=now)
    ticked = ticked_of(request.POST)
    problem: str | Promise = ""
    if step == "add":
        problem = _add(request, form, ticked)
    if step == "book" and not ticked.dates:
        problem = _("Choose at least one date.")
    if len(ticked.dates) > MOST_DATES:
        problem = _("A series has at most %(most)d dates.") % {"most": MOST_DATES}
        ticked.left_out += ticked.dates[MOST_DATES:]
        del ticked.dates[MOST_DATES:]
    must_wait = bool(problem or (step == "book" and ticked.problems))
    try:
        if step == "book" and not must_wait:
            return _book(request, patient, form, ticked, now=now)
        if step != "book":
            ticked.problems.clear()
        return _show(
            request, patient, form, ticked, now=now, problem=problem, status=REFUSED if must_wait else 200
        )
    except DomainError as error:
        context = {
            "patient": patient,
            "form": form,
            "problem": str(error),
            "wish": wish_of(request.POST.dict()),
        }
        return render(request, "tenants/desk/repeating/series.html", context, status=error.status)


def _book(
    request: HttpRequest, patient: Patient, form: SeriesForm, ticked: Ticked, *, now: dt.datetime
) -> HttpResponse:
    """Book all, or show the sheet with what came in between. Raises DomainError for what concerns every date."""
    said = form.cleaned_data
    try:
        series = book_repeated(
            booker_of(request, patient, notes=said["notes"], now=now),
            doctor_id=said["doctor"],
            service_id=said["service"],
            clinic_id=said["clinic"],
            dates=ticked.dates,
        )
    except ValidationError as error:
        problem = " ".join(error.messages)
        return _show(request, patient, form, ticked, now=now, problem=problem, status=REFUSED)
    except SeriesConflict as error:
        return _show(
            request,
            patient,
            form,
            ticked,
            now=now,
            problem=str(error),
            status=error.status,
            conflict=error,
        )
    return HttpResponseRedirect(reverse("desk:patient_visits", args=[series]))


def _show(
    request: HttpRequest,
    patient: Patient,
    form: SeriesForm,
    ticked: Ticked,
    *,
    now: dt.datetime,
    problem: str | Promise = "",
    status: int = 200,
    conflict: SeriesConflict | None = None,
) -> HttpResponse:
    """The sheet. Raises BadSeries, ServiceNotOffered."""
    said = form.cleaned_data
    planned = []
    if ticked.dates:
        planned = plan_series(
            doctor_id=said["doctor"],
            service_id=said["service"],
            clinic_id=said["clinic"],
            dates=ticked.dates,
            patient_id=patient.pk,
            now=now,
            for_staff=True,
            channel=AppointmentSource.DESK,
        )
    rows = rows_of(
        planned,
        left_out=ticked.left_out,
        problems=ticked.problems,
        refused=refused_of(conflict.params) if conflict else None,
    )
    key = key_of(request.POST.get("key", "")) if request.POST.get("key") else new_key()
    context = {
        "patient": patient,
        "form": form,
        "rows": rows,
        "free": sum(1 for row in rows if row.is_bookable and row.is_in),
        "open": [row for row in rows if not row.is_bookable],
        "has_room": len(ticked.dates) < MOST_DATES,
        "clinic": form.chosen_clinic(),
        "names": _names(form),
        "problem": problem,
        "key": key,
        "add_day": request.POST.get("add_day", "") if problem else "",
        "add_time": request.POST.get("add_time", "") if problem else _usual_time(rows, form),
    }
    return render(request, "tenants/desk/repeating/plan.html", context, status=status)


def _add(request: HttpRequest, form: SeriesForm, ticked: Ticked) -> str:
    """Put one more date on the sheet; return what is wrong with it."""
    clinic = form.chosen_clinic()
    try:
        day = dt.date.fromisoformat(request.POST.get("add_day", ""))
        time = dt.time.fromisoformat(request.POST.get("add_time", ""))
    except ValueError:
        return _("Say the day and the time of the date to add.")
    if clinic is None or not form.check_day("kind", day):
        return _("Choose a day that is still to come.")
    local = dt.datetime.combine(day, time.replace(second=0, microsecond=0, tzinfo=None), tzinfo=clinic.zone)
    starts_at = local.astimezone(dt.UTC)
    if starts_at in ticked.dates:
        return _("This date is on the list already.")
    ticked.dates.append(starts_at)
    if starts_at in ticked.left_out:
        ticked.left_out.remove(starts_at)
    return ""


def _usual_time(rows: list[Row], form: SeriesForm) -> str:
    clinic = form.chosen_clinic()
    if not rows or clinic is None:
        return ""
    return rows[-1].starts_at.astimezone(clinic.zone).strftime("%H:%M")


def _names(form: SeriesForm) -> dict[str, str]:
    """How the chosen service, doctor and clinic are called."""
    found = {}
    for name in ("service", "doctor", "clinic"):
        choices = dict(getattr(form.fields[name], "choices", ()))
        found[name] = str(choices.get(form.cleaned_data[name], ""))
    return found
