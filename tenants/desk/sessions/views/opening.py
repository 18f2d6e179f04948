"""Opening a session, or a series of them."""

import datetime as dt
from dataclasses import dataclass
from typing import Any, Final

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from saas.core.errors import DomainError
from tenants.audit.actions import actor_of
from tenants.booking.actions.groups import create_sessions
from tenants.booking.actions.series import dates_by_rule
from tenants.booking.models import GroupSession
from tenants.booking.reservation_errors import SeriesConflict
from tenants.desk.access import for_reception, staff_of
from tenants.desk.calendar.frame import instant_of
from tenants.desk.sessions.access import require_open
from tenants.desk.sessions.forms import SessionForm, group_services, instants_left_out

_REFUSED: Final = 422


@dataclass(frozen=True, slots=True)
class RefusedDate:
    """A date of a series on which no session can be, and what the engine says to it."""

    starts_at: dt.datetime
    message: str

    @property
    def value(self) -> str:
        """As the page sends it to have the date left out."""
        return self.starts_at.isoformat()


@never_cache
@for_reception
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """The form. Of a series every date is opened, or none, and those that cannot be are listed."""
    require_open(staff_of(request))
    form = SessionForm(request.POST or None)
    context: dict[str, Any] = {"form": form, "problem": "", "refused": [], "left": 0, "zone": ""}
    status = 200
    if request.method == "POST":
        status = _REFUSED
        if form.is_valid():
            zone = form.cleaned_data["clinic"].time_zone
            left_out = instants_left_out(request.POST.getlist("leave_out"))
            dates: list[dt.datetime] = []
            try:
                dates = [each for each in _dates(form) if each not in left_out]
                return _opened(request, _open(request, form, dates))
            except ValidationError as error:
                form.add_error(None if hasattr(error, "error_dict") else "time", error)
            except SeriesConflict as error:
                refused = [
                    RefusedDate(dt.datetime.fromisoformat(row["starts_at"]), str(row["message"]))
                    for row in error.params["dates"]
                ]
                context |= {
                    "refused": refused,
                    "left_out": [at.isoformat() for at in left_out],
                    "left": len(dates) - len(refused),
                    "zone": zone,
                    "problem": str(error),
                }
                status = error.status
            except DomainError as error:
                context["problem"], status = str(error), error.status
    context["has_services"] = group_services().exists()
    return render(request, "tenants/desk/sessions/new.html", context, status=status)


def _dates(form: SessionForm) -> list[dt.datetime]:
    """Return the instants that the form means. Raises ValidationError for a time that the clock skips."""
    said = form.cleaned_data
    clinic = said["clinic"]
    first = instant_of(dt.datetime.combine(said["date"], said["time"]), clinic.zone)
    return dates_by_rule(
        first=first, zone=clinic.time_zone, count=said["count"], every_weeks=said["every_weeks"]
    )


def _open(request: HttpRequest, form: SessionForm, dates: list[dt.datetime]) -> list[GroupSession]:
    said = form.cleaned_data
    return create_sessions(
        doctor_id=said["doctor"].pk,
        service_id=said["service"].pk,
        clinic_id=said["clinic"].pk,
        dates=dates,
        capacity=said["capacity"],
        minutes=said["minutes"],
        actor=actor_of(request),
        now=timezone.now(),
    )


def _opened(request: HttpRequest, made: list[GroupSession]) -> HttpResponse:
    if len(made) == 1:
        messages.success(request, _("The session is open: patients can book its seats."))
        return HttpResponseRedirect(reverse("desk:session", args=[made[0].public_id]))
    text = ngettext("%(count)d session is open.", "%(count)d sessions are open.", len(made))
    messages.success(request, text % {"count": len(made)})
    return HttpResponseRedirect(reverse("desk:sessions"))
