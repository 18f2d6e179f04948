"""Where a request comes from, seen through our own proxies."""

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """Return the caller's address as the last trusted proxy saw it; what the caller wrote in headers is ignored."""
    trusted: int = settings.TRUSTED_PROXY_COUNT
    if trusted:
        hops = [
            part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",") if part.strip()
        ]
        if len(hops) >= trusted:
            return hops[-trusted]
    return str(request.META.get("REMOTE_ADDR", ""))
