"""Who draws a page that shows more than its own content.

The content tree knows which addresses exist; the website (a layer above) knows how a doctor or a price list is
shown and booked. It registers its views here when the programme starts.
"""

from collections.abc import Callable
from typing import Final

from django.http import HttpRequest, HttpResponse
from wagtail.models import Page

PageView = Callable[..., HttpResponse]
"""`view(request, page, **kwargs)`: kwargs are the named parts of the page's own route."""

_views: Final[dict[str, PageView]] = {}


def register_view(kind: str, view: PageView) -> None:
    """Let `view` answer for pages of this kind (`doctors`, `doctor`, `services`, ...)."""
    _views[kind] = view


def draw(kind: str, request: HttpRequest, page: Page, **kwargs: str) -> HttpResponse:
    """Answer with the registered view. Raises LookupError when the website is not installed."""
    try:
        view = _views[kind]
    except KeyError as error:
        msg = f"no view draws pages of kind {kind!r}"
        raise LookupError(msg) from error
    return view(request, page, **kwargs)
