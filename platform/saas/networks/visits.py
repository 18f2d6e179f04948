"""An operator's visit to a network: what the session holds, and what a visitor must not do.

The visitor is signed in as the network's owner, so that they see what the owner sees; the session says who it
really is, and every audit event carries it.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import structlog
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.translation import gettext

from saas.accounts.middleware import OPERATOR_SESSION_KEY
from saas.core.views import refusal
from saas.networks.handover import VISIT_MINUTES
from saas.networks.hosts import platform_url

UNTIL_KEY: Final = "operator_until"

_SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_PRIVATE_PATHS: Final = ("/accounts/", "/cms/account/")
"""Password, e-mail and second factor are the owner's alone."""

_ALWAYS: Final = ("/accounts/logout/", "/language/")


def begin_visit(request: HttpRequest, *, operator_id: int) -> None:
    """Mark the (fresh) session as an operator's, for VISIT_MINUTES at most."""
    until = timezone.now() + timedelta(minutes=VISIT_MINUTES)
    request.session[OPERATOR_SESSION_KEY] = operator_id
    request.session[UNTIL_KEY] = until.isoformat()
    request.session.set_expiry(VISIT_MINUTES * 60)


def visit_ends_at(request: HttpRequest) -> datetime | None:
    """Return when the visit ends (aware, UTC), or None if this is no visit."""
    session = getattr(request, "session", None)
    until = session.get(UNTIL_KEY) if session is not None else None
    return datetime.fromisoformat(until) if until else None


class VisitMiddleware:
    """Ends a visit in time, keeps it read-only and out of the owner's account, names the operator in every log line."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        until = visit_ends_at(request)
        if until is None:
            return self.get_response(request)
        if until <= timezone.now():
            logout(request)
            return HttpResponseRedirect(platform_url("/console/"))
        with structlog.contextvars.bound_contextvars(operator_id=request.session[OPERATOR_SESSION_KEY]):
            if not request.path.startswith(_ALWAYS) and (
                request.method not in _SAFE_METHODS or request.path.startswith(_PRIVATE_PATHS)
            ):
                return refusal(
                    request,
                    status=403,
                    code="visit_is_read_only",
                    message=gettext("You are here as an operator: you can look, but not change anything."),
                )
            return self.get_response(request)
