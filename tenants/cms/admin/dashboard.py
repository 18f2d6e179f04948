"""The first screen of the back office: what the day looks like, for those who may see it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from wagtail.admin.ui.components import Component

from tenants.booking.models import Appointment, AppointmentStatus
from tenants.booking.windows.alerts import hours_ending
from tenants.booking.windows.clocks import visits_off_their_clock
from tenants.cms.admin.base import may
from tenants.doctors.models import Doctor
from tenants.reviews.models import Review

_SHOWN: Final = 20


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with the listing it comes from."""

    label: str | Promise
    value: int
    url: str


class TodayPanel(Component):
    """Visits of the next 24 hours, doctors who see patients, reviews that wait. At most four queries."""

    order: ClassVar[int] = 10
    template_name = "tenants/cms/today.html"

    def __init__(self, request: HttpRequest) -> None:
        self.request = request

    def get_context_data(self, parent_context: dict[str, Any] | None = None) -> dict[str, Any]:
        return {"figures": list(self._figures())}

    def _figures(self) -> list[Figure]:
        figures: list[Figure] = []
        if may(self.request, "booking.view_appointment"):
            figures += _visits(timezone.now())
        if may(self.request, "doctors.view_doctor"):
            doctors = Doctor.objects.filter(is_active=True).count()
            figures.append(Figure(_("Doctors who see patients"), doctors, reverse("doctors:index")))
        if may(self.request, "reviews.change_review"):
            waiting = Review.objects.filter(moderated_at__isnull=True).count()
            url = f"{reverse('reviews:index')}?is_published=false"
            figures.append(Figure(_("Reviews waiting for you"), waiting, url))
        return figures


class AttentionPanel(Component):
    """Doctors whose hours run out and visits off their clock, for those who can do something about it.

    Two queries; nothing is shown when all is well.
    """

    order: ClassVar[int] = 5
    template_name = "tenants/cms/attention.html"

    def __init__(self, request: HttpRequest) -> None:
        self.request = request

    def get_context_data(self, parent_context: dict[str, Any] | None = None) -> dict[str, Any]:
        if not may(self.request, "doctors.change_doctorschedule"):
            return {"ending": [], "off_clock": []}
        now = timezone.now()
        return {"ending": hours_ending(now=now), "off_clock": visits_off_their_clock(now=now)[:_SHOWN]}


def _visits(now: dt.datetime) -> list[Figure]:
    opened = Appointment.objects.filter(status__in=(AppointmentStatus.SCHEDULED, AppointmentStatus.CONFIRMED))
    url = reverse("appointments:index")
    coming = opened.filter(appointment_date__gte=now, appointment_date__lt=now + dt.timedelta(days=1)).count()
    unclosed = opened.filter(ends_at__lt=now).count()
    query = "?status=scheduled&status=confirmed"
    return [
        Figure(_("Visits in the next 24 hours"), coming, f"{url}{query}"),
        Figure(
            _("Past visits without an outcome"), unclosed, f"{url}{query}&appointment_date_to={now.date()}"
        ),
    ]
