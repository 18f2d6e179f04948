"""What every view of the API shares."""

from collections.abc import Iterable, Mapping
from typing import IO, Any, Final

from rest_framework.exceptions import MethodNotAllowed, ParseError
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser, JSONParser
from rest_framework.permissions import AllowAny
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.schemas.inspectors import ViewInspector
from rest_framework.views import APIView

from saas.core.errors import NotFound
from tenants.api.errors import BodyTooLarge
from tenants.api.openapi import NetworkSchema
from tenants.api.throttles import CallerThrottle

MAX_BODY_BYTES: Final = 64 * 1024


_DATA_POLICY: Final = "default-src 'none'; frame-ancestors 'none'"
"""For answers that are data: whoever gets a browser to show one as a page gets nothing to run in it."""


class BoundedJSONParser(JSONParser):
    """JSON that is nested deeper than Python follows is malformed, not a crash."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        try:
            return super().parse(stream, media_type, parser_context)
        except RecursionError as error:
            raise ParseError from error


class OnlyJSON(BaseContentNegotiation):
    """Answers in JSON whatever the Accept header says: a browser sees the data, not an error."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser | None:
        return next((parser for parser in parsers if _is_json(request.content_type)), None)

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        renderer = next(iter(renderers))
        return renderer, renderer.media_type


class ApiView(APIView):
    """Base of all views. A subclass names its permission classes; without them nobody gets in."""

    renderer_classes = (JSONRenderer,)
    parser_classes = (BoundedJSONParser,)
    throttle_classes = (CallerThrottle,)
    content_negotiation_class = OnlyJSON
    metadata_class = None
    schema: ViewInspector | None = NetworkSchema()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        length = request.META.get("CONTENT_LENGTH") or "0"
        if length.isdecimal() and int(length) > MAX_BODY_BYTES:
            raise BodyTooLarge
        if not hasattr(self, (request.method or "").lower()):
            raise MethodNotAllowed(request.method or "")
        super().initial(request, *args, **kwargs)

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        answer = super().finalize_response(request, response, *args, **kwargs)
        answer.headers.setdefault("Content-Security-Policy", _DATA_POLICY)
        return answer


class UnknownAddress(ApiView):
    """Any path below /api/v1/ that leads nowhere, for every method."""

    permission_classes = (AllowAny,)
    schema = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        self.check_throttles(request)
        raise NotFound


def _is_json(content_type: str | None) -> bool:
    return (content_type or "").partition(";")[0].strip().lower() == "application/json"
