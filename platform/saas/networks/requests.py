"""Typed access to what NetworkMiddleware puts on a request."""

from typing import cast

from django.http import HttpRequest

from saas.networks.context import NetworkRef


def network_of(request: HttpRequest) -> NetworkRef | None:
    """Return the network that the request is for; None on the public site."""
    return cast("NetworkRef | None", getattr(request, "network", None))
