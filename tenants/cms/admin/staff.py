"""The network's staff in the back office, instead of Wagtail's users: by e-mail, with one role each."""

from __future__ import annotations

from typing import Any

import django_filters
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.ui.tables import BooleanColumn, Column, DateColumn
from wagtail.admin.views import generic
from wagtail.users.views.bulk_actions.user_bulk_action import UserBulkAction
from wagtail.users.views.users import CreateView, EditView, UserViewSet

from saas.accounts.models import User
from saas.accounts.roles import STAFF_ROLES, Role
from tenants.cms.admin.base import Listing
from tenants.cms.forms import StaffForm

_STAFF = tuple(sorted(role.value for role in STAFF_ROLES))


class StaffFilters(WagtailFilterSet):
    role = django_filters.ChoiceFilter(
        label=_("Role"), choices=[(role.value, role.label) for role in Role if role in STAFF_ROLES]
    )

    class Meta:
        model = User
        fields = ("role", "is_active")


class StaffListing(Listing):
    """Staff only: patients with a log-in are patients, not users of the back office."""

    page_title = _("Staff")
    add_item_label = _("Add a person")
    search_fields = ("last_name", "first_name", "email")
    list_export = ("last_name", "first_name", "middle_name", "email", "role", "is_active", "last_login")

    @cached_property
    def columns(self) -> list[Any]:
        return [
            self._get_title_column("__str__"),
            Column("email", label=_("E-mail"), sort_key="email"),
            Column("role", label=_("Role"), accessor="get_role_display", sort_key="role"),
            BooleanColumn("is_active", label=_("May sign in"), sort_key="is_active"),
            DateColumn("last_login", label=_("Last signed in"), sort_key="last_login"),
        ]

    def get_base_queryset(self) -> QuerySet[User]:
        return User.objects.filter(role__in=_STAFF)


class StaffCreation(CreateView):
    page_title = _("Add a person")
    template_name = generic.CreateView.template_name


class StaffEditing(EditView):
    template_name = generic.EditView.template_name

    def get_queryset(self) -> QuerySet[User]:
        return User.objects.filter(role__in=_STAFF)


class StaffViewSet(UserViewSet):
    """Takes the place of Wagtail's own viewset of users (see `CMSConfig.ready`)."""

    menu_label = _("Staff")
    ordering = ("last_name", "first_name", "id")
    filterset_class = StaffFilters
    index_view_class = StaffListing
    add_view_class = StaffCreation
    edit_view_class = StaffEditing
    template_prefix = ""
    search_backend_name = None
    copy_view_enabled = False
    search_fields = ("last_name", "first_name", "email")
    list_export = StaffListing.list_export

    def get_form_class(self, for_update: bool = False) -> type[StaffForm]:  # noqa: FBT001, FBT002 - Wagtail's signature
        return StaffForm


class _RefusedInBulk(UserBulkAction):
    """Wagtail's bulk actions add groups past the roles: whoever may edit staff could make themselves an owner."""

    models = [User]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        raise PermissionDenied


class NoBulkRoles(_RefusedInBulk):
    display_name = aria_label = _("Assign role")
    action_type = "assign_role"
    template_name = "wagtailusers/bulk_actions/confirm_bulk_assign_role.html"


class NoBulkState(_RefusedInBulk):
    display_name = aria_label = _("Set active state")
    action_type = "set_active_state"
    template_name = "wagtailusers/bulk_actions/confirm_bulk_set_active_state.html"


class NoBulkDeletion(_RefusedInBulk):
    display_name = aria_label = _("Delete")
    action_type = "delete"
    template_name = "wagtailusers/bulk_actions/confirm_bulk_delete.html"
