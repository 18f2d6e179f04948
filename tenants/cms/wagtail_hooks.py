"""What the network's back office consists of."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import URLPattern, URLResolver, include, path, reverse_lazy
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.menu import MenuItem

from tenants.cms.admin.base import may
from tenants.cms.admin.catalogue import CatalogueGroup
from tenants.cms.admin.dashboard import AttentionPanel, TodayPanel
from tenants.cms.admin.reviews import ReviewViewSet
from tenants.cms.admin.rules import RulesGroup
from tenants.cms.admin.schedules import SchedulesGroup
from tenants.cms.admin.settings import AuditViewSet, OrganisationViewSet, PolicyViewSet
from tenants.cms.admin.staff import NoBulkDeletion, NoBulkRoles, NoBulkState
from tenants.cms.admin.visits import VisitsGroup


@hooks.register("register_admin_viewset")
def register_rooms() -> list[Any]:
    return [
        VisitsGroup(),
        CatalogueGroup(),
        SchedulesGroup(),
        RulesGroup(),
        ReviewViewSet("reviews"),
        OrganisationViewSet("network-profile"),
        PolicyViewSet("booking-rules"),
        AuditViewSet("audit-log"),
    ]


@hooks.register("register_admin_urls")
def register_import() -> list[URLPattern | URLResolver]:
    return [path("import/", include("tenants.cms.importing.views"))]


class ImportItem(MenuItem):
    """Shown to those who may add doctors, which managers may."""

    def is_shown(self, request: HttpRequest) -> bool:
        return may(request, "doctors.add_doctor")


@hooks.register("register_admin_menu_item")
def register_import_item() -> MenuItem:
    return ImportItem(
        _("Import"), reverse_lazy("catalogue_import:upload", args=["doctors"]), icon_name="upload", order=125
    )


@hooks.register("register_admin_menu_item")
def register_desk_item() -> MenuItem:
    return MenuItem(_("Desk"), reverse_lazy("desk:home"), icon_name="clipboard-list", order=50)


@hooks.register("construct_homepage_panels")
def add_today(request: HttpRequest, panels: list[Any]) -> None:
    panels[:0] = [TodayPanel(request), AttentionPanel(request)]


# After Wagtail's own: the last one registered for a name wins.
for _action in (NoBulkRoles, NoBulkState, NoBulkDeletion):
    hooks.register("register_bulk_action", _action, order=100)


@hooks.register("construct_main_menu")
def hide_help(request: HttpRequest, menu_items: list[Any]) -> None:
    """Wagtail's own help is about Wagtail."""
    menu_items[:] = [item for item in menu_items if item.name != "help"]
