"""Files that robots and security researchers look for at fixed addresses of the public site."""

from datetime import timedelta
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from saas.networks.hosts import platform_url

_VALID: Final = timedelta(days=180)
_ROBOTS: Final = (
    "User-agent: *\nDisallow: /accounts/\nDisallow: /console/\nDisallow: /networks/\nDisallow: /signup/\n"
)


@require_safe
def robots(_request: HttpRequest) -> HttpResponse:
    return HttpResponse(_ROBOTS, content_type="text/plain; charset=utf-8")


@require_safe
def security_txt(_request: HttpRequest) -> HttpResponse:
    """RFC 9116: whom to tell about a hole, and until when this is true."""
    expires = (timezone.now() + _VALID).replace(microsecond=0).isoformat().replace("+00:00", "Z")
    languages = ", ".join(code for code, _name in settings.LANGUAGES)
    lines = [
        f"Contact: mailto:security@{settings.PLATFORM_HOST}",
        f"Expires: {expires}",
        f"Preferred-Languages: {languages}",
        f"Canonical: {platform_url('/.well-known/security.txt')}",
        f"Policy: {platform_url('/security/')}",
    ]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")
