"""Language of the page, and the second factor for those who need one."""

from collections.abc import Callable
from typing import Final

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import translation
from django.utils.cache import patch_vary_headers

from saas.core.languages import is_language
from saas.core.views import refusal

OPERATOR_SESSION_KEY: Final = "operator_id"
"""In the session of an operator who visits a network: who they are on the platform."""

_MFA_OPEN_PATHS = (
    "/accounts/",
    "/static/",
    "/media/",
    "/language/",
    "/brand.css",
    "/livez",
    "/handover/",
    "/signup/",
)


class LanguageMiddleware:
    """The language a person chose (cookie), else the network's own, else what the browser asks for."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        language = self._language(request)
        with translation.override(language):
            request.LANGUAGE_CODE = language
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", language)
        patch_vary_headers(response, ("Accept-Language", "Cookie"))
        return response

    @staticmethod
    def _language(request: HttpRequest) -> str:
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
        if is_language(chosen):
            return chosen
        network = getattr(request, "network", None)
        if network is not None and not request.path.startswith("/api/"):
            return str(network.language)
        return translation.get_language_from_request(request)


class SecondFactorMiddleware:
    """With `MFA_REQUIRED`, a person whose role needs a second factor gets nowhere before setting one up.

    Recovery is allauth's: recovery codes, and the owner (for operators: another operator) resetting the factor.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # Without a session's cookie nobody is signed in: most requests end here and leave the session unread.
        has_session = settings.SESSION_COOKIE_NAME in request.COOKIES
        if settings.MFA_REQUIRED and has_session and not request.path.startswith(_MFA_OPEN_PATHS):
            user = request.user
            is_visit = OPERATOR_SESSION_KEY in request.session  # the operator gave theirs to the console
            if user.is_authenticated and user.needs_mfa and not is_visit and not is_mfa_enabled(user):
                if request.path.startswith("/api/"):
                    message = translation.gettext(
                        "Set up your second factor first, on the page for signing in."
                    )
                    return refusal(request, status=403, code="second_factor_required", message=message)
                return HttpResponseRedirect(reverse("mfa_activate_totp"))
        return self.get_response(request)
