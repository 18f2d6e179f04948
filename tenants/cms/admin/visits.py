"""Appointments and patients in the back office: looked up here, changed through the booking actions only."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any, Final

import django_filters
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from wagtail.admin import messages
from wagtail.admin.filters import DateRangePickerWidget, WagtailFilterSet
from wagtail.admin.viewsets.model import ModelViewSetGroup

from saas.core.errors import DomainError
from saas.core.formatting import format_money, format_when
from saas.core.phones import display_phone
from tenants.audit.actions import Actor, actor_of
from tenants.booking.actions import cancel_appointment, complete_appointment, mark_no_show
from tenants.booking.models import Appointment, AppointmentStatus
from tenants.clinics.models import Clinic
from tenants.cms.admin.base import Facts, Listing, ReadOnlyViewSet, TextColumn, may
from tenants.doctors.models import Doctor
from tenants.patients.models import Patient

_OPEN: Final = frozenset({AppointmentStatus.SCHEDULED, AppointmentStatus.CONFIRMED})
_EVENTS: Final = {
    "booked": _("booked"),
    "moved": _("moved to another time"),
    "confirmed": _("confirmed"),
    "completed": _("took place"),
    "cancelled": _("cancelled"),
    "no_show": _("the patient did not come"),
}
_DAY: Final = dt.timedelta(days=1)
_ANY_DAY: Final = (dt.date(1900, 1, 1), dt.date(2999, 12, 31))
CHANGE_VISITS: Final = "booking.change_appointment"


def visit_time(visit: Appointment) -> str:
    """The beginning on the clinic's clock, in words."""
    return format_when(visit.appointment_date, zone=visit.time_zone)


class LocalDaysFilter(django_filters.DateFromToRangeFilter):
    """Whole days on the clock of each visit's own clinic, both ends included."""

    def filter(self, qs: QuerySet[Appointment], value: slice | None) -> QuerySet[Appointment]:
        if value is None:
            return qs
        if value.start is not None:
            first = max(value.start.date(), _ANY_DAY[0])
            qs = qs.filter(local_start__gte=first.isoformat(), appointment_date__gte=_midnight(first) - _DAY)
        if value.stop is not None:
            after = min(value.stop.date(), _ANY_DAY[1]) + _DAY
            qs = qs.filter(local_start__lt=after.isoformat(), appointment_date__lt=_midnight(after) + _DAY)
        return qs


def _midnight(day: dt.date) -> dt.datetime:
    """In UTC; with a day to spare on either side it bounds the day of every zone, so that the index is used."""
    return dt.datetime.combine(day, dt.time(), dt.UTC)


class AppointmentFilters(WagtailFilterSet):
    appointment_date = LocalDaysFilter(label=_("Date"), widget=DateRangePickerWidget)
    status = django_filters.MultipleChoiceFilter(label=_("Status"), choices=AppointmentStatus.choices)
    doctor = django_filters.ModelChoiceFilter(
        label=_("Doctor"), queryset=Doctor.objects.select_related("user")
    )
    clinic = django_filters.ModelChoiceFilter(label=_("Clinic"), queryset=Clinic.objects.all())

    class Meta:
        model = Appointment
        fields = ("appointment_date", "status", "doctor", "clinic", "source")


class AppointmentListing(Listing):
    def to_row_dict(self, item: Appointment) -> dict[str, Any]:
        return {
            "local_start": item.local_start,
            "time_zone": item.time_zone,
            "patient": str(item.patient),
            "patient.phone": item.patient.phone,
            "doctor": str(item.doctor),
            "service": str(item.service),
            "clinic": str(item.clinic),
            "price": item.price,
            "currency": item.currency,
            "status": item.get_status_display(),
            "payment_status": item.get_payment_status_display(),
            "source": item.get_source_display(),
        }


class AppointmentPage(Facts):
    """One visit with its log, and what can still be done to it."""

    template_name = "tenants/cms/appointment.html"

    def get_object(self, queryset: QuerySet[Appointment] | None = None) -> Appointment:
        rows = Appointment.objects.select_related("patient", "doctor__user", "service", "clinic")
        return get_object_or_404(rows, pk=self.pk)

    def get_page_subtitle(self) -> str:
        return f"{visit_time(self.object)}, {self.object.patient}"

    def get_appointment_date_display_value(self) -> str:
        return visit_time(self.object)

    def get_price_display_value(self) -> str:
        return format_money(self.object.price, self.object.currency)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        visit: Appointment = self.object
        is_open = visit.status in _OPEN and may(self.request, CHANGE_VISITS)
        context["act_url"] = reverse("appointments:act", args=[visit.pk])
        context["can_cancel"] = is_open
        context["can_close"] = is_open and visit.appointment_date <= timezone.now()
        context["events"] = [
            {
                "at": event.at,
                "what": _EVENTS.get(event.kind, event.kind),
                "status": event.get_to_status_display(),
            }
            for event in visit.events.all()
        ]
        return context


@require_POST
@permission_required(CHANGE_VISITS, raise_exception=True)
def act(request: HttpRequest, pk: int) -> HttpResponse:
    """Complete, mark as missed or cancel one visit; a refusal is told in the rule's own words."""
    visit = get_object_or_404(Appointment, pk=pk)
    step = _STEPS.get(request.POST.get("step", ""))
    if step is None:
        raise PermissionDenied
    try:
        step(visit, request, actor_of(request))
    except DomainError as error:
        messages.error(request, str(error.message))
    else:
        messages.success(request, _("The visit is up to date."))
    return redirect("appointments:inspect", pk)


def _complete(visit: Appointment, request: HttpRequest, actor: Actor) -> None:
    complete_appointment(public_id=visit.public_id, actor=actor, now=timezone.now(), for_staff=True)


def _no_show(visit: Appointment, request: HttpRequest, actor: Actor) -> None:
    mark_no_show(public_id=visit.public_id, actor=actor, now=timezone.now(), for_staff=True)


def _cancel(visit: Appointment, request: HttpRequest, actor: Actor) -> None:
    reason = request.POST.get("reason", "").strip()[:300]
    cancel_appointment(
        public_id=visit.public_id, reason=reason, actor=actor, now=timezone.now(), for_staff=True
    )


_STEPS: Final[dict[str, Callable[[Appointment, HttpRequest, Actor], None]]] = {
    "complete": _complete,
    "no_show": _no_show,
    "cancel": _cancel,
}


class AppointmentViewSet(ReadOnlyViewSet):
    model = Appointment
    icon = "calendar-check"
    index_view_class = AppointmentListing
    inspect_view_class = AppointmentPage
    inspect_template_name = AppointmentPage.template_name
    filterset_class = AppointmentFilters
    select_related = ("patient", "doctor__user", "service", "clinic")
    list_display = (
        TextColumn("appointment_date", _("When"), visit_time, "appointment_date"),
        TextColumn("patient", _("Patient"), "patient", "patient__last_name"),
        TextColumn("doctor", _("Doctor"), "doctor", "doctor__user__last_name"),
        TextColumn("service", _("Service"), "service", "service__name"),
        TextColumn("clinic", _("Clinic"), "clinic", "clinic__name"),
        TextColumn("status", _("Status"), "get_status_display", "status"),
    )
    list_export = (
        "local_start",
        "time_zone",
        "patient",
        "patient.phone",
        "doctor",
        "service",
        "clinic",
        "price",
        "currency",
        "status",
        "payment_status",
        "source",
    )
    search_fields = ("patient__last_name", "patient__first_name", "patient__phone", "doctor__user__last_name")
    ordering = ("-appointment_date", "-id")
    inspect_view_fields = (
        "appointment_date",
        "patient",
        "doctor",
        "service",
        "clinic",
        "price",
        "status",
        "payment_status",
        "source",
        "notes",
        "cancel_reason",
    )

    def get_urlpatterns(self) -> list[Any]:
        return [*super().get_urlpatterns(), path("act/<int:pk>/", act, name="act")]


class PatientViewSet(ReadOnlyViewSet):
    model = Patient
    icon = "group"
    list_display = (
        "full_name",
        TextColumn("phone", _("Phone"), lambda patient: display_phone(patient.phone), "phone"),
        "email",
        "birth_date",
        "created_at",
    )
    list_filter = ("gender", "language")
    list_export = (
        "last_name",
        "first_name",
        "middle_name",
        "phone",
        "email",
        "birth_date",
        "gender",
        "created_at",
    )
    search_fields = ("last_name", "first_name", "middle_name", "phone", "email")
    ordering = ("last_name", "first_name", "id")
    inspect_view_fields = (
        "last_name",
        "first_name",
        "middle_name",
        "phone",
        "email",
        "birth_date",
        "gender",
        "language",
        "notes",
        "created_at",
    )


class VisitsGroup(ModelViewSetGroup):
    """Visits and patients in the menu."""

    menu_label = _("Visits")
    menu_icon = "calendar-alt"
    menu_order = 110
    items = (AppointmentViewSet("appointments"), PatientViewSet("patients"))
