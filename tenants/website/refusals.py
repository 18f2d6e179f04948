"""Refusals as pages in the site's look."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from saas.core.errors import DomainError, NotFound, TooMany

P = ParamSpec("P")


def site_page(
    view: Callable[Concatenate[HttpRequest, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Answer a DomainError of the view with a page that says what happened and what to do, with its status."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except DomainError as error:
            return refusal_page(request, error)

    return cast("Callable[Concatenate[HttpRequest, P], HttpResponse]", wrapped)


def refusal_page(request: HttpRequest, error: DomainError) -> HttpResponse:
    """Return the page for a refusal, not to be stored or indexed."""
    title, _stop, advice = str(error).partition(". ")
    context = {
        "error": error,
        "title": title.rstrip("."),
        "text": advice,
        "status": error.status,
        "art": "not-found" if error.status == NotFound.status else "error",
    }
    response = render(request, "tenants/website/refusal.html", context, status=error.status)
    response.headers["Cache-Control"] = "no-store"
    if isinstance(error, TooMany):
        response.headers["Retry-After"] = str(error.params.get("retry_after", 60))
    return response


def private(response: HttpResponse) -> HttpResponse:
    """Mark a page that is about one person: no cache keeps it, no search engine lists it, no other site learns it."""
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    response.headers["Referrer-Policy"] = "same-origin"
    return response
