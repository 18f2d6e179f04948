"""The back office's content security policy.

Wagtail's admin carries inline scripts, styles and event handlers of its own and previews pages in frames, so
`/cms/` alone gets a policy that allows them; scripts still come from this host only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from csp.constants import NONE, SELF, UNSAFE_INLINE
from django.http import HttpRequest, HttpResponse

PREFIX: Final = "/cms/"
_DJANGO_CSP_ATTRIBUTE: Final = "_csp_config"  # what django-csp's own decorators set
ADMIN_POLICY: Final[dict[str, list[str]]] = {
    "default-src": [SELF],
    "script-src": [SELF, UNSAFE_INLINE],
    "style-src": [SELF, UNSAFE_INLINE],
    "img-src": [SELF, "data:", "blob:"],
    "font-src": [SELF],
    "connect-src": [SELF],
    "frame-src": [SELF],
    "object-src": [NONE],
    "base-uri": [SELF],
    "form-action": [SELF],
    "frame-ancestors": [SELF],
}


class AdminPolicyMiddleware:
    """Replaces the site's policy on `/cms/` paths. Stands below `PolicyMiddleware`, which writes the header."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.path_info.startswith(PREFIX) and getattr(request, "network", None) is not None:
            setattr(response, _DJANGO_CSP_ATTRIBUTE, ADMIN_POLICY)
            response.headers["X-Frame-Options"] = "SAMEORIGIN"
        return response
