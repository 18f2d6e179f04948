"""Puts the API tokens into the network's admin, under Settings."""

from django.http import HttpRequest
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.menu import MenuItem
from wagtail.admin.viewsets.base import ViewSet

from tenants.api.token_views import TokenCreate, TokenList, TokenRevoke


class ApiTokens(ViewSet):
    """List, make, revoke."""

    name = "api_tokens"
    url_prefix = "api-tokens"
    icon = "key"

    def get_urlpatterns(self) -> list[URLPattern]:
        return [
            path("", TokenList.as_view(), name="index"),
            path("new/", TokenCreate.as_view(), name="new"),
            path("<int:pk>/revoke/", TokenRevoke.as_view(), name="revoke"),
        ]


class _ManagersItem(MenuItem):
    def is_shown(self, request: HttpRequest) -> bool:
        return request.user.is_authenticated and request.user.manages


@hooks.register("register_admin_viewset")
def register_tokens() -> ApiTokens:
    return ApiTokens()


@hooks.register("register_settings_menu_item")
def register_menu_item() -> MenuItem:
    return _ManagersItem(_("API tokens"), reverse("api_tokens:index"), icon_name="key", order=900)
