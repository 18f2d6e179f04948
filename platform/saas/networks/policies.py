"""Exceptions from the content security policy that leading people into networks needs."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast

from csp.decorators import csp_update
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from saas.networks.hosts import network_url

P = ParamSpec("P")


def leading_to_networks(
    view: Callable[Concatenate[HttpRequest, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Let the page's forms end on any network's host: browsers apply form-action to redirects too."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        allow = csp_update({"form-action": [network_url(f"*.{settings.PLATFORM_HOST}", "")]})
        response = view(request, *args, **kwargs)
        allow(lambda _request: response)(request)  # marks the response for django-csp's middleware
        return response

    return cast("Callable[Concatenate[HttpRequest, P], HttpResponse]", wrapped)
