"""The operators' console: Django's admin in unfold's clothes, on the public schema, for operators only."""

from collections.abc import Callable
from typing import Any, Final

from csp.constants import NONCE, SELF, UNSAFE_EVAL, UNSAFE_INLINE
from csp.decorators import csp_replace
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _
from unfold.sites import UnfoldAdminSite

from saas.accounts.roles import Role
from saas.core.views import refusal

_POLICY: Final = {"script-src": [SELF, NONCE, UNSAFE_EVAL], "style-src": [SELF, UNSAFE_INLINE]}
"""Unfold runs Alpine's evaluating build and sets style attributes. Only this surface is relaxed, and nothing
that patients or owners wrote is shown here but as escaped text."""


class ConsoleSite(UnfoldAdminSite):
    """Signing in happens on the ordinary log-in page, with its limits and second factor."""

    site_title = _("Operators' console")
    site_header = _("Operators' console")
    index_title = _("Overview")
    index_template = "saas/console/dashboard.html"

    def has_permission(self, request: HttpRequest) -> bool:
        """Return whether this is an operator of the platform."""
        user = request.user
        return bool(user.is_active and user.is_staff and getattr(user, "role", "") == Role.OPERATOR)

    def admin_view(
        self,
        view: Callable[..., HttpResponse],
        cacheable: bool = False,  # noqa: FBT001, FBT002 - Django's signature
    ) -> Callable[..., HttpResponseBase]:
        return csp_replace(_POLICY)(super().admin_view(view, cacheable))

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Send people to the log-in page; a person who is no operator is told so instead of going round in circles."""
        if request.user.is_authenticated:
            return refusal(
                request,
                status=403,
                code="operators_only",
                message=str(_("This part is for operators of the platform.")),
            )
        target = request.GET.get("next") or reverse("console:index")
        return HttpResponseRedirect(f"{reverse('account_login')}?{urlencode({'next': target})}")

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return HttpResponseRedirect(reverse("account_logout"))

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        from saas.console.selectors import dashboard  # noqa: PLC0415 - models are not loaded when the site is made

        response: HttpResponse = super().index(request, {**(extra_context or {}), **dashboard()})
        return response


console_site = ConsoleSite(name="console")
