"""Listings and forms of rooms, devices and the rules of booking."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from django.db.models import QuerySet
from django.forms import BaseModelForm
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, FieldRowPanel, ObjectList
from wagtail.admin.ui.tables import BooleanColumn
from wagtail.admin.views import generic
from wagtail.admin.viewsets.model import ModelViewSetGroup

from tenants.booking.models import (
    BookingCap,
    ExceptionKind,
    ExceptionRepeat,
    ExceptionScope,
    PolicyOverride,
    ReleaseWave,
    Resource,
    ResourcePool,
    ScheduleException,
    ServiceRequirement,
)
from tenants.booking.windows.drafts import draft_of_exception
from tenants.booking.windows.impact import OrphanedVisit, visits_left_outside
from tenants.cms.admin.base import CatalogueViewSet, Listing, TextColumn
from tenants.cms.admin.impact import AsksFirst
from tenants.cms.admin.rule_forms import (
    CapForm,
    PolicyOverrideForm,
    PoolForm,
    RequirementForm,
    ResourceForm,
    WaveForm,
)

_FAR: Final = dt.timedelta(days=5 * 366)


class RoomListing(Listing):
    """Rooms and devices; doctors are resources as well, but not here."""

    def get_base_queryset(self) -> QuerySet[Resource]:
        rows: QuerySet[Resource] = super().get_base_queryset()
        return rows.filter(doctor=None)


class RoomEditing(AsksFirst[BaseModelForm[Any]], generic.EditView):
    """A room that goes out of use may be needed by visits."""

    impact_reason = _("The room is out of use")

    def visits_at_stake(self, form: BaseModelForm[Any]) -> list[OrphanedVisit]:
        room: Resource = form.instance
        if room.is_active or "is_active" not in form.changed_data:
            return []
        now = timezone.now()
        closed = ScheduleException(
            scope=ExceptionScope.RESOURCE,
            resource=room,
            kind=ExceptionKind.BLOCK,
            repeat=ExceptionRepeat.NONE,
            start_date=now.date() - dt.timedelta(days=1),
            end_date=now.date() + _FAR,
        )
        return visits_left_outside(draft=draft_of_exception(closed), now=now)


class RoomViewSet(CatalogueViewSet):
    model = Resource
    icon = "home"
    menu_label = _("Rooms and devices")
    index_view_class = RoomListing
    edit_view_class = RoomEditing
    select_related = ("clinic",)
    list_display = (
        "name",
        TextColumn("kind", _("Kind"), "get_kind_display", "kind"),
        TextColumn("clinic", _("Clinic"), "clinic", "clinic__name"),
        BooleanColumn("is_active", label=_("In use"), sort_key="is_active"),
    )
    list_filter = ("kind", "clinic", "is_active")
    list_export = ("name", "kind", "clinic", "is_active")
    search_fields = ("name", "clinic__name")
    ordering = ("clinic__name", "name", "id")
    inspect_view_fields = ("name", "kind", "clinic", "is_active")
    edit_handler = ObjectList(
        [FieldPanel("kind"), FieldPanel("name"), FieldPanel("clinic"), FieldPanel("is_active")],
        base_form_class=ResourceForm,
    )


class PoolViewSet(CatalogueViewSet):
    model = ResourcePool
    icon = "list-ul"
    prefetch_related = ("resources",)
    list_display = (
        "name",
        TextColumn(
            "resources",
            _("Rooms and devices"),
            lambda pool: ", ".join(str(each) for each in pool.resources.all()),
        ),
    )
    list_export = ("name",)
    search_fields = ("name", "resources__name")
    ordering = ("name", "id")
    edit_handler = ObjectList([FieldPanel("name"), FieldPanel("resources")], base_form_class=PoolForm)


class RequirementViewSet(CatalogueViewSet):
    model = ServiceRequirement
    icon = "link"
    select_related = ("service", "pool")
    list_display = (
        TextColumn("service", _("Service"), "service", "service__name"),
        TextColumn("pool", _("One of"), "pool", "pool__name"),
        "setup_minutes",
        "cleanup_minutes",
    )
    list_filter = ("service", "pool")
    list_export = ("service", "pool", "setup_minutes", "cleanup_minutes")
    search_fields = ("service__name", "pool__name")
    ordering = ("service__name", "id")
    edit_handler = ObjectList(
        [
            FieldPanel("service"),
            FieldPanel("pool"),
            FieldRowPanel([FieldPanel("setup_minutes"), FieldPanel("cleanup_minutes")]),
        ],
        base_form_class=RequirementForm,
    )


class PolicyOverrideViewSet(CatalogueViewSet):
    model = PolicyOverride
    icon = "sliders"
    select_related = ("service",)
    list_display = (
        TextColumn("service", _("Service"), lambda row: row.service or _("any"), "service__name"),
        TextColumn(
            "channel", _("Booked through"), lambda row: row.get_channel_display() or _("any"), "channel"
        ),
        "minimum_notice_minutes",
        "horizon_days",
        BooleanColumn("needs_approval", label=_("Approved by the clinic")),
    )
    list_filter = ("service", "channel")
    list_export = ("service", "channel", "minimum_notice_minutes", "horizon_days", "needs_approval")
    search_fields = ("service__name",)
    ordering = ("service__name", "channel", "id")
    edit_handler = ObjectList(
        [
            FieldPanel("service"),
            FieldPanel("channel"),
            FieldPanel("minimum_notice_minutes"),
            FieldPanel("horizon_days"),
            FieldPanel("needs_approval"),
        ],
        base_form_class=PolicyOverrideForm,
    )


class CapViewSet(CatalogueViewSet):
    model = BookingCap
    icon = "no-view"
    select_related = ("doctor__user", "clinic", "service")
    list_display = (
        TextColumn("most", _("At most"), lambda row: f"{row.most} {row.get_period_display()}", "most"),
        TextColumn("doctor", _("Doctor"), lambda row: row.doctor or _("any")),
        TextColumn("clinic", _("Clinic"), lambda row: row.clinic or _("any")),
        TextColumn("service", _("Service"), lambda row: row.service or _("any")),
        TextColumn("channel", _("Booked through"), lambda row: row.get_channel_display() or _("any")),
        BooleanColumn("is_active", label=_("In force"), sort_key="is_active"),
    )
    list_filter = ("doctor", "clinic", "service", "channel", "is_active")
    list_export = ("most", "period", "doctor", "clinic", "service", "channel", "is_active")
    search_fields = ("doctor__user__last_name", "clinic__name", "service__name")
    ordering = ("id",)
    edit_handler = ObjectList(
        [
            FieldRowPanel([FieldPanel("most"), FieldPanel("period")]),
            FieldPanel("doctor"),
            FieldPanel("clinic"),
            FieldPanel("service"),
            FieldPanel("channel"),
            FieldPanel("is_active"),
            FieldPanel("only_new"),
        ],
        base_form_class=CapForm,
    )


class WaveViewSet(CatalogueViewSet):
    model = ReleaseWave
    icon = "upload"
    select_related = ("doctor__user",)
    list_display = (
        TextColumn("doctor", _("Doctor"), lambda row: row.doctor or _("any")),
        "days_ahead",
        "percent",
    )
    list_filter = ("doctor",)
    list_export = ("doctor", "days_ahead", "percent")
    search_fields = ("doctor__user__last_name",)
    ordering = ("doctor", "-days_ahead")
    edit_handler = ObjectList(
        [FieldPanel("doctor"), FieldRowPanel([FieldPanel("days_ahead"), FieldPanel("percent")])],
        base_form_class=WaveForm,
    )


class RulesGroup(ModelViewSetGroup):
    """Rooms and rules in the menu."""

    menu_label = _("Rooms and rules")
    menu_icon = "sliders"
    menu_order = 118
    items = (
        RoomViewSet("rooms"),
        PoolViewSet("pools"),
        RequirementViewSet("requirements"),
        PolicyOverrideViewSet("special-rules"),
        CapViewSet("limits"),
        WaveViewSet("waves"),
    )
