"""Finds the network a request is for, enters its schema, and leaves it whatever happens."""

from collections.abc import Callable
from http import HTTPStatus

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect, JsonResponse
from django.shortcuts import render
from django.urls import set_urlconf
from django.utils import translation

from saas.core.views import wants_json
from saas.networks.context import NetworkRef, network_context, public_context
from saas.networks.directory import network_for_host
from saas.networks.hosts import network_url, normalise_host, platform_url
from saas.networks.lifecycle import NetworkState, serves

_STATUS = {NetworkState.PROVISIONING: 503, NetworkState.SUSPENDED: 403, NetworkState.CLOSED: 410}


class NetworkMiddleware:
    """Sets `request.network` (None on the public site) and the URLconf; runs the rest inside the schema.

    The public site answers on `PLATFORM_HOST` and its `www.` only. An unknown host is a 404 page that leads to
    the public site, never the public site itself. A network that does not serve answers every path with its
    state, so that nothing is read or written.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.network = None  # type: ignore[attr-defined] # our own attribute, read through saas.networks.requests
        try:
            host = normalise_host(request.get_host())
        except DisallowedHost:
            host = ""
        if host == settings.PLATFORM_HOST:
            with public_context():
                return self.get_response(request)
        if host == f"www.{settings.PLATFORM_HOST}":
            return HttpResponsePermanentRedirect(platform_url(request.get_full_path()))
        network = network_for_host(host) if host else None
        if network is None:
            return _unknown_host(request)
        request.network = network  # type: ignore[attr-defined] # see above
        request.urlconf = settings.NETWORK_URLCONF
        if not serves(network.state):
            return _not_serving(request, network)
        if host != network.primary_host and request.method in ("GET", "HEAD"):
            return HttpResponsePermanentRedirect(network_url(network.primary_host, request.get_full_path()))
        # Wagtail's previews run this middleware without resolving a path, which is what would choose the URLconf.
        set_urlconf(settings.NETWORK_URLCONF)
        with network_context(network):
            return self.get_response(request)


def _unknown_host(request: HttpRequest) -> HttpResponse:
    with public_context(), translation.override(translation.get_language_from_request(request)):
        request.urlconf = settings.ROOT_URLCONF
        if wants_json(request):
            return JsonResponse(
                {
                    "code": "unknown_host",
                    "message": translation.gettext("No clinic lives at this address"),
                    "params": {},
                    "fields": {},
                },
                status=404,
            )
        return render(request, "saas/pages/unknown_host.html", {"platform_url": platform_url()}, status=404)


def _not_serving(request: HttpRequest, network: NetworkRef) -> HttpResponse:
    status = _STATUS[NetworkState(network.state)]
    with public_context(), translation.override(network.language):
        if wants_json(request):
            response: HttpResponse = JsonResponse(
                {
                    "code": f"network_{network.state}",
                    "message": str(_state_message(network)),
                    "params": {},
                    "fields": {},
                },
                status=status,
            )
        else:
            request.urlconf = settings.ROOT_URLCONF
            context = {"network": network, "platform_url": platform_url(), "message": _state_message(network)}
            response = render(request, "saas/pages/not_serving.html", context, status=status)
    response.headers["Cache-Control"] = "no-store"
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        response.headers["Retry-After"] = "5"
    return response


def _state_message(network: NetworkRef) -> str:
    messages = {
        NetworkState.PROVISIONING: translation.gettext(
            "This clinic's site is being prepared. It takes a few seconds."
        ),
        NetworkState.SUSPENDED: translation.gettext(
            "This clinic's site is suspended. Please call the clinic."
        ),
        NetworkState.CLOSED: translation.gettext("This clinic no longer uses the platform."),
    }
    return messages[NetworkState(network.state)]
