"""Pages for refusals that happen before any view of an app is reached, and health probes."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.views import defaults


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form's token is missing or old, most often a page left open over a log-out."""
    message = gettext("This page was open for too long. Go back, reload it and send the form again.")
    return refusal(request, status=403, code="csrf_failed", message=message)


def cross_site_refused(request: HttpRequest) -> HttpResponse:
    """A state change asked for by another site."""
    message = gettext("This request came from another site, so it was not carried out.")
    return refusal(request, status=403, code="cross_site", message=message)


def refusal(request: HttpRequest, *, status: int, code: str, message: str) -> HttpResponse:
    """Answer in JSON under /api/ and to those who ask for it, else with a page."""
    if wants_json(request):
        return JsonResponse({"code": code, "message": message, "params": {}, "fields": {}}, status=status)
    return render(request, "saas/pages/refusal.html", {"message": message, "status": status}, status=status)


def wants_json(request: HttpRequest) -> bool:
    """Says whether a program asks, to which a page would be no answer."""
    return request.path.startswith("/api/") or request.headers.get("Accept", "").startswith(
        "application/json"
    )


def server_error(request: HttpRequest) -> HttpResponse:
    """A bug or a lost database: says no more than that, and needs nothing that may be broken."""
    if wants_json(request):
        return refusal(
            request, status=500, code="server_error", message=gettext("Something broke on our side")
        )
    return defaults.server_error(request)


def livez(_request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return HttpResponse("ok", content_type="text/plain")
