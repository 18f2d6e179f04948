"""The network's single rows as settings screens, and the audit log."""

from __future__ import annotations

from typing import Any

from django.db.models import Model, QuerySet
from django.shortcuts import redirect
from django.urls import path
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, FieldRowPanel, MultiFieldPanel, ObjectList
from wagtail.admin.views import generic

from tenants.audit.actions import actor_of, record
from tenants.audit.models import AuditEvent
from tenants.booking.models import BookingPolicy
from tenants.clinics.models import Organisation
from tenants.cms.admin.base import CatalogueViewSet, ReadOnlyViewSet, TextColumn
from tenants.cms.admin.forms import OrganisationForm

ONLY_ROW = 1


class OnlyRowEditing(generic.EditView):
    """Edits row 1, making it with the model's defaults where the network has none yet."""

    def get_object(self, queryset: QuerySet[Model] | None = None) -> Model:
        found, _created = self.model._default_manager.get_or_create(pk=ONLY_ROW)
        row: Model = found
        return row

    def get_breadcrumbs_items(self) -> list[dict[str, str]]:
        return [{"url": "", "label": str(self.model._meta.verbose_name)}]

    def get_success_url(self) -> str:
        return str(self.request.path)

    def save_instance(self) -> Model:
        changed = list(self.form.changed_data)
        saved: Model = super().save_instance()
        record("settings.changed", actor=actor_of(self.request), on=saved, data={"fields": changed})
        return saved


class OnlyRowViewSet(CatalogueViewSet):
    """One screen, under Settings."""

    edit_view_class = OnlyRowEditing
    add_to_settings_menu = True
    add_to_admin_menu = False
    inspect_view_enabled = False

    @cached_property
    def menu_label(self) -> str:
        return str(self.model._meta.verbose_name).capitalize()

    def get_urlpatterns(self) -> list[Any]:
        edit = self.get_url_name("edit")
        kept = [
            pattern
            for pattern in super().get_urlpatterns()
            if pattern.name in {"edit", "history", "history_results"}
        ]
        return [path("", lambda _request: redirect(edit, ONLY_ROW), name="index"), *kept]

    def get_common_view_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        view_kwargs = dict(super().get_common_view_kwargs(**kwargs))
        for name in ("add", "delete", "usage", "copy"):
            view_kwargs.pop(f"{name}_url_name", None)
        return view_kwargs


class OrganisationViewSet(OnlyRowViewSet):
    model = Organisation
    icon = "site"
    menu_order = 10
    edit_handler = ObjectList(
        [
            MultiFieldPanel(
                [FieldPanel("name"), FieldPanel("tagline"), FieldPanel("phone"), FieldPanel("email")],
                heading=_("Network"),
            ),
            FieldRowPanel([FieldPanel("language"), FieldPanel("country"), FieldPanel("currency")]),
            MultiFieldPanel([FieldPanel("brand_colour"), FieldPanel("logo")], heading=_("Brand")),
        ],
        base_form_class=OrganisationForm,
    )


class PolicyViewSet(OnlyRowViewSet):
    model = BookingPolicy
    icon = "calendar"
    menu_order = 20
    edit_handler = ObjectList(
        [
            FieldPanel(name)
            for name in (
                "minimum_notice_minutes",
                "horizon_days",
                "cancellation_cutoff_minutes",
                "slot_step_minutes",
            )
        ]
    )


class AuditViewSet(ReadOnlyViewSet):
    model = AuditEvent
    icon = "history"
    menu_label = _("Audit log")
    add_to_admin_menu = False
    add_to_settings_menu = True
    menu_order = 900
    list_display = (
        "action",
        "at",
        "actor_kind",
        "actor_id",
        TextColumn("object", _("Object"), lambda e: f"{e.object_type} {e.object_id}"),
    )
    list_filter = ("action", "actor_kind", "at")
    list_export = (
        "at",
        "action",
        "actor_kind",
        "actor_id",
        "operator_id",
        "object_type",
        "object_id",
        "data",
    )
    search_fields = ("action", "object_type", "object_id")
    ordering = ("-id",)
