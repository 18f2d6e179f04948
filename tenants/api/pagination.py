"""Pages of a list: `?page=` and `?page_size=`, with the number of all rows and links to the neighbours."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from django.db.models import Model, QuerySet
from django.utils.translation import gettext_lazy as _
from rest_framework.pagination import PageNumberPagination
from rest_framework.request import Request

from tenants.api.errors import InvalidRequest
from tenants.api.params import Params

DEFAULT_SIZE: Final = 50
MAX_SIZE: Final = 200
MAX_PAGE: Final = 1_000_000
PAGE_PARAMS: Final = ("page", "page_size")

RowT = TypeVar("RowT", bound=Model)


class Pages(PageNumberPagination):
    """Describes pages to the schema generator and to any generic view; our own lists use `page_of`."""

    page_size_query_param = "page_size"
    max_page_size = MAX_SIZE


@dataclass(frozen=True, slots=True)
class PageChoice:
    """Which page the caller wants; pages are counted from 1."""

    number: int
    size: int


def page_choice(params: Params) -> PageChoice:
    """Read the page's parameters; problems are noted in `params`."""
    number = params.whole("page", maximum=MAX_PAGE) or 1
    return PageChoice(number=number, size=params.whole("page_size", maximum=MAX_SIZE) or DEFAULT_SIZE)


def page_of(
    request: Request,
    rows: QuerySet[RowT],
    choice: PageChoice,
    present: Callable[[list[RowT]], list[dict[str, Any]]],
) -> dict[str, Any]:
    """Return one page in two queries plus those of `rows`' prefetches. Raises InvalidRequest past the last page."""
    total = rows.count()
    first = (choice.number - 1) * choice.size
    if first and first >= total:
        raise InvalidRequest({"page": ("no_such_page", _("There is no such page."))})
    found = list(rows[first : first + choice.size]) if total else []
    return {
        "count": total,
        "next": _link(request, choice.number + 1) if first + choice.size < total else None,
        "previous": _link(request, choice.number - 1) if choice.number > 1 else None,
        "results": present(found),
    }


def _link(request: Request, number: int) -> str:
    query = request.query_params.copy()
    query["page"] = str(number)
    return f"{request.build_absolute_uri(request.path)}?{query.urlencode()}"
