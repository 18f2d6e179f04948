"""Response headers and the same-origin rule, on every response of every surface."""

from collections.abc import Callable
from urllib.parse import urlsplit

from csp.constants import HEADER
from csp.middleware import CSPMiddleware
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from saas.core.views import cross_site_refused

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
_OWN_SITE = frozenset({"same-origin", "none"})


class ResponseHeadersMiddleware:
    """Permissions-Policy on every response, errors and redirects included."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Permissions-Policy", settings.PERMISSIONS_POLICY)
        return response


class PolicyMiddleware(CSPMiddleware):
    """Writes the content security policy, unless the answer has one of its own: then none is built for it."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        return response if HEADER in response else super().process_response(request, response)


class PrivateResponseMiddleware:
    """Nothing that was made with a look at somebody's session is stored by a cache on the way."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.session.accessed:
            response.headers.setdefault("Cache-Control", "private, no-store")
        return response


class SameOriginMiddleware:
    """Refuse state changes that another site asks for, siblings included.

    All networks share one registrable domain, so SameSite cookies do not keep them apart. Browsers say where a
    request comes from (`Sec-Fetch-Site`, `Origin`); programs without a browser send neither and pass.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method not in _SAFE_METHODS and _comes_from_elsewhere(request):
            return cross_site_refused(request)
        return self.get_response(request)


def _comes_from_elsewhere(request: HttpRequest) -> bool:
    fetch_site = request.headers.get("Sec-Fetch-Site")
    if fetch_site and fetch_site not in _OWN_SITE:
        return True
    origin = request.headers.get("Origin")
    return bool(origin) and urlsplit(origin).netloc != request.get_host()
