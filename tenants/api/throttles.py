"""Limits of the API, counted atomically: two hundred requests at once pass exactly as many as two hundred in a row."""

from dataclasses import dataclass
from typing import Final

from django.conf import settings
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from saas.core.proxies import client_address
from saas.networks.limits import hit
from tenants.api.authentication import caller_key, token_of


@dataclass(frozen=True, slots=True)
class Limit:
    """So many requests of one caller in so many seconds."""

    scope: str
    limit: int
    window_seconds: int


READ: Final = "read"
BOOK: Final = "book"
CHANGE: Final = "change"
TOKEN: Final = "token"  # noqa: S105 - a scope's name


def limit_of(scope: str) -> Limit:
    """Return the configured limit of a scope (`settings.API_LIMITS`)."""
    limit, window_seconds = settings.API_LIMITS[scope]
    return Limit(scope=scope, limit=limit, window_seconds=window_seconds)


class CallerThrottle(BaseThrottle):
    """Counts by token, by user, or by address. Raises TooMany (429 with Retry-After) itself."""

    def allow_request(self, request: Request, view: APIView) -> bool:
        caller = caller_key(request)
        limit = limit_of(TOKEN if token_of(request) else _scope(request, view))
        if caller == "guest":
            caller = f"address:{client_address(request._request)}"  # noqa: SLF001 - headers of Django's request
        hit(f"api:{limit.scope}", caller, limit=limit.limit, window_seconds=limit.window_seconds)
        return True


def _scope(request: Request, view: APIView) -> str:
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return READ
    return str(getattr(view, "write_limit", CHANGE))
