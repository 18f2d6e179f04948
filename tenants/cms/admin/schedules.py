"""Listings and forms of working time: hours, exceptions, breaks, ways between clinics."""

from __future__ import annotations

from typing import Any, Final

from django.contrib.auth.decorators import permission_required
from django.forms import BaseForm
from django.http import HttpResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, FieldRowPanel, MultiFieldPanel, ObjectList
from wagtail.admin.ui.tables import BooleanColumn
from wagtail.admin.views import generic
from wagtail.admin.viewsets.model import ModelViewSetGroup
from wagtail.admin.widgets.button import HeaderButton

from tenants.booking.models import ScheduleException
from tenants.booking.windows.drafts import draft_of_exception, draft_of_hours
from tenants.booking.windows.impact import OrphanedVisit, visits_left_outside
from tenants.clinics.models import TravelTime
from tenants.cms.admin.base import CatalogueViewSet, Deletion, Listing, TextColumn, may
from tenants.cms.admin.impact import AsksFirst, batch_of, take_back
from tenants.cms.admin.publishing import choose_doctor, publish_drafts
from tenants.cms.admin.schedule_forms import (
    ExceptionForm,
    FloatingBreakForm,
    ScheduleForm,
    TravelTimeForm,
)
from tenants.doctors.models import DoctorSchedule, FloatingBreak, SchedulePattern, ScheduleState

CHANGE_HOURS: Final = "doctors.change_doctorschedule"


def _when(hours: DoctorSchedule) -> str:
    """The days in words."""
    if hours.pattern == SchedulePattern.CYCLE:
        cycle = {"day": (hours.cycle_day or 0) + 1, "days": hours.cycle_days, "start": hours.anchor_date}
        return str(_("day %(day)s of %(days)s, from %(start)s") % cycle)
    if hours.every_weeks > 1:
        weeks = {"day": hours.get_day_of_week_display(), "weeks": hours.every_weeks}
        return str(_("%(day)s, every %(weeks)s weeks") % weeks)
    return hours.get_day_of_week_display()


def _times(row: DoctorSchedule | ScheduleException) -> str:
    if row.start_time is None or row.end_time is None:
        return str(_("whole day"))
    return f"{row.start_time:%H:%M}–{row.end_time:%H:%M}"


class _HoursAskFirst(AsksFirst[ScheduleForm]):
    """Published hours that change may leave visits outside; a draft cannot."""

    def visits_at_stake(self, form: ScheduleForm) -> list[OrphanedVisit]:
        now = timezone.now()
        return [each for draft in form.drafts() for each in visits_left_outside(draft=draft, now=now)]

    def get_success_url(self) -> str:
        row: DoctorSchedule = self.object  # type: ignore[attr-defined] # set by the form view
        if row.state == ScheduleState.DRAFT:
            return reverse("hours:publish", args=[row.doctor_id])
        return str(super().get_success_url())  # type: ignore[misc] # a mix-in for form views


class HoursAdding(_HoursAskFirst, generic.CreateView):
    pass


class HoursEditing(_HoursAskFirst, generic.EditView):
    pass


class HoursDeletion(AsksFirst[BaseForm], Deletion):
    def visits_at_stake(self, form: BaseForm) -> list[OrphanedVisit]:
        row: DoctorSchedule = self.object
        return visits_left_outside(
            draft=draft_of_hours(doctor_id=row.doctor_id, without=[row.pk]), now=timezone.now()
        )


class HoursListing(Listing):
    """Hours, with the way to the drafts that wait for publication."""

    @cached_property
    def header_buttons(self) -> list[Any]:
        buttons = list(super().header_buttons)
        if may(self.request, CHANGE_HOURS):
            url = reverse("hours:drafts")
            buttons.append(HeaderButton(_("Preview and publish"), url=url, icon_name="view"))
        return buttons


class ScheduleViewSet(CatalogueViewSet):
    model = DoctorSchedule
    icon = "time"
    copy_view_enabled = True
    index_view_class = HoursListing
    add_view_class = HoursAdding
    edit_view_class = HoursEditing
    delete_view_class = HoursDeletion
    select_related = ("doctor__user", "clinic")
    list_display = (
        TextColumn("day_of_week", _("Days"), _when, "day_of_week"),
        TextColumn("start_time", _("Hours"), _times, "start_time"),
        TextColumn("doctor", _("Doctor"), "doctor", "doctor__user__last_name"),
        TextColumn("clinic", _("Clinic"), "clinic", "clinic__name"),
        "valid_from",
        "valid_until",
        TextColumn("state", _("State"), "get_state_display", "state"),
        BooleanColumn("is_active", label=_("In force"), sort_key="is_active"),
    )
    list_filter = ("doctor", "clinic", "day_of_week", "pattern", "state", "is_active")
    list_export = (
        "doctor",
        "clinic",
        "day_of_week",
        "start_time",
        "end_time",
        "valid_from",
        "valid_until",
        "pattern",
        "every_weeks",
        "cycle_days",
        "cycle_day",
        "anchor_date",
        "state",
        "is_active",
    )
    search_fields = ("doctor__user__last_name", "doctor__user__first_name", "clinic__name")
    ordering = ("doctor", "day_of_week", "start_time", "id")
    edit_handler = ObjectList(
        [
            MultiFieldPanel([FieldPanel("doctor"), FieldPanel("clinic")], heading=_("Who and where")),
            MultiFieldPanel(
                [
                    FieldPanel("repeats"),
                    FieldPanel("day_of_week"),
                    FieldPanel("also_on"),
                    FieldPanel("every_weeks"),
                    FieldRowPanel([FieldPanel("days_on"), FieldPanel("days_off")]),
                    FieldRowPanel([FieldPanel("cycle_days"), FieldPanel("day_in_cycle")]),
                    FieldPanel("anchor_date"),
                ],
                heading=_("Days"),
            ),
            MultiFieldPanel(
                [
                    FieldRowPanel([FieldPanel("start_time"), FieldPanel("end_time")]),
                    FieldRowPanel([FieldPanel("valid_from"), FieldPanel("valid_until")]),
                ],
                heading=_("Hours"),
            ),
            FieldPanel("state"),
            FieldPanel("is_active"),
        ],
        base_form_class=ScheduleForm,
    )

    def get_urlpatterns(self) -> list[Any]:
        allowed = permission_required(CHANGE_HOURS, raise_exception=True)
        return [
            *super().get_urlpatterns(),
            path("drafts/", allowed(choose_doctor), name="drafts"),
            path("publish/<int:pk>/", allowed(publish_drafts), name="publish"),
        ]


class _ExceptionAsksFirst(AsksFirst[ExceptionForm]):
    def visits_at_stake(self, form: ExceptionForm) -> list[OrphanedVisit]:
        if form.instance.pk is None:
            form.instance.created_by_id = self.request.user.pk
        return visits_left_outside(draft=form.draft(), now=timezone.now())

    def get_impact_reason(self) -> str:
        """What the exception itself gives as its reason, where it gives one."""
        row: ScheduleException | None = getattr(self, "object", None)
        return (row.reason if row is not None else "") or super().get_impact_reason()


class ExceptionAdding(_ExceptionAsksFirst, generic.CreateView):
    pass


class ExceptionEditing(_ExceptionAsksFirst, generic.EditView):
    pass


class ExceptionDeletion(AsksFirst[BaseForm], Deletion):
    """Deleting undoes the exception; new times that were proposed for its sake can be taken back with it."""

    template_name = "tenants/cms/exception_delete.html"

    def visits_at_stake(self, form: BaseForm) -> list[OrphanedVisit]:
        return visits_left_outside(draft=draft_of_exception(self.object, removed=True), now=timezone.now())

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        context["batch"] = batch_of(self.object)
        return context

    def form_valid(self, form: BaseForm) -> HttpResponse:
        batch = batch_of(self.object) if self.request.POST.get("undo_batch") else None
        pk = self.object.pk
        response = super().form_valid(form)
        if batch is not None and not ScheduleException.objects.filter(pk=pk).exists():
            take_back(self.request, batch)
        return response


def _about(row: ScheduleException) -> str:
    return str(row.doctor or row.resource or row.clinic or _("all clinics"))


class ExceptionViewSet(CatalogueViewSet):
    model = ScheduleException
    icon = "date"
    copy_view_enabled = True
    add_view_class = ExceptionAdding
    edit_view_class = ExceptionEditing
    delete_view_class = ExceptionDeletion
    select_related = ("doctor__user", "clinic", "resource")
    list_display = (
        TextColumn("about", _("Applies to"), _about),
        TextColumn("kind", _("What"), "get_kind_display", "kind"),
        "start_date",
        "end_date",
        TextColumn("hours", _("Hours"), _times),
        TextColumn("repeat", _("Repeats"), "get_repeat_display", "repeat"),
        "reason",
    )
    list_filter = ("scope", "kind", "clinic", "doctor", "start_date")
    list_export = (
        "scope",
        "clinic",
        "doctor",
        "resource",
        "kind",
        "start_date",
        "end_date",
        "start_time",
        "end_time",
        "repeat",
        "reason",
    )
    search_fields = ("reason", "doctor__user__last_name", "clinic__name", "resource__name")
    ordering = ("-start_date", "id")
    inspect_view_fields = (
        "scope",
        "clinic",
        "doctor",
        "resource",
        "kind",
        "start_date",
        "end_date",
        "reason",
    )
    edit_handler = ObjectList(
        [
            MultiFieldPanel(
                [
                    FieldPanel("kind"),
                    FieldPanel("scope"),
                    FieldPanel("clinic"),
                    FieldPanel("doctor"),
                    FieldPanel("resource"),
                ],
                heading=_("What and for whom"),
            ),
            MultiFieldPanel(
                [
                    FieldRowPanel([FieldPanel("start_date"), FieldPanel("end_date")]),
                    FieldPanel("repeat"),
                    FieldPanel("weekdays"),
                    FieldPanel("nth"),
                ],
                heading=_("Days"),
            ),
            FieldRowPanel([FieldPanel("start_time"), FieldPanel("end_time")]),
            FieldPanel("reason"),
        ],
        base_form_class=ExceptionForm,
    )


class BreakViewSet(CatalogueViewSet):
    model = FloatingBreak
    icon = "pause"
    select_related = ("doctor__user",)
    list_display = (
        TextColumn("doctor", _("Doctor"), "doctor", "doctor__user__last_name"),
        "minutes",
        "earliest",
        "latest",
        BooleanColumn("is_active", label=_("In force"), sort_key="is_active"),
    )
    list_filter = ("doctor", "is_active")
    list_export = ("doctor", "minutes", "earliest", "latest", "is_active")
    search_fields = ("doctor__user__last_name", "doctor__user__first_name")
    ordering = ("doctor", "earliest", "id")
    edit_handler = ObjectList(
        [
            FieldPanel("doctor"),
            FieldPanel("minutes"),
            FieldRowPanel([FieldPanel("earliest"), FieldPanel("latest")]),
            FieldPanel("is_active"),
        ],
        base_form_class=FloatingBreakForm,
    )


class TravelViewSet(CatalogueViewSet):
    model = TravelTime
    icon = "arrow-right"
    select_related = ("from_clinic", "to_clinic")
    list_display = (
        TextColumn("from_clinic", _("From clinic"), "from_clinic", "from_clinic__name"),
        TextColumn("to_clinic", _("To clinic"), "to_clinic", "to_clinic__name"),
        "minutes",
    )
    list_filter = ("from_clinic", "to_clinic")
    list_export = ("from_clinic", "to_clinic", "minutes")
    search_fields = ("from_clinic__name", "to_clinic__name")
    ordering = ("from_clinic__name", "to_clinic__name")
    edit_handler = ObjectList(
        [FieldRowPanel([FieldPanel("from_clinic"), FieldPanel("to_clinic")]), FieldPanel("minutes")],
        base_form_class=TravelTimeForm,
    )


class SchedulesGroup(ModelViewSetGroup):
    """Working time in the menu."""

    menu_label = _("Working time")
    menu_icon = "time"
    menu_order = 115
    items = (
        ScheduleViewSet("hours"),
        ExceptionViewSet("exceptions"),
        BreakViewSet("breaks"),
        TravelViewSet("ways"),
    )
