"""The API's own description: helpers for views, and hooks that add what every operation has in common."""

from datetime import date, datetime
from functools import cache, lru_cache
from typing import Any, Final

from django.conf import settings
from django.utils import translation
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from tenants.api.pagination import DEFAULT_SIZE, MAX_SIZE

_ERROR: Final = {"$ref": "#/components/schemas/Error"}
_WRITING: Final = frozenset({"post", "put", "patch"})
_OPERATIONS: Final = frozenset({"get", "post", "put", "patch", "delete"})
_COMMON: Final = {
    "400": "A parameter, a field or the body is wrong; `fields` says which.",
    "401": "The token is unknown, revoked or expired, or nobody is signed in.",
    "403": "The caller may not do this, or the CSRF token is missing.",
    "429": "Too many requests; `Retry-After` says how many seconds to wait.",
}
_COMMON_OF_WRITES: Final = {
    "413": "The body is larger than 64 KiB.",
    "415": "The body is not `application/json`.",
}


def query(
    name: str,
    kind: type[int | str | date | datetime],
    text: str,
    *,
    required: bool = False,
    choices: list[str] | None = None,
) -> OpenApiParameter:
    """Describe a query parameter."""
    return OpenApiParameter(
        name, kind, OpenApiParameter.QUERY, required=required, description=text, enum=choices
    )


PAGES: Final = [
    query("page", int, "Page, counted from 1."),
    query("page_size", int, f"Rows on a page, up to {MAX_SIZE}; {DEFAULT_SIZE} by default."),
]
IDEMPOTENCY_KEY: Final = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description="Any unique text of up to 255 characters. Sent again with the same body, it brings the first answer "
    "(with `Idempotency-Replayed: true`) and nothing happens twice. Kept for at least 24 hours.",
)


@cache  # one page type for each row type, so that both describe one component
def paged(row: type[serializers.Serializer[Any]]) -> type[serializers.Serializer[Any]]:
    """Return the description of a page of rows."""
    page: type[serializers.Serializer[Any]] = type(
        f"{row.__name__}Page",
        (serializers.Serializer,),
        {
            "__doc__": "One page of a list.",
            "count": serializers.IntegerField(help_text="Rows on all pages."),
            "next": serializers.URLField(allow_null=True),
            "previous": serializers.URLField(allow_null=True),
            "results": row(many=True),
        },
    )
    return page


class NetworkSchema(AutoSchema):
    """Says also where nobody needs to sign in: permission classes name their `open_methods`."""

    def get_auth(self) -> list[dict[str, list[str]]]:
        found: list[dict[str, list[str]]] = super().get_auth()
        is_open = any(
            self.method in getattr(rule, "open_methods", ()) for rule in self.view.permission_classes
        )
        return [{}, *found] if is_open else found


class NetworkSchemaGenerator(SchemaGenerator):
    """Describes the addresses of a network, whichever URLconf the process started with."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["urlconf"] = kwargs.get("urlconf") or settings.NETWORK_URLCONF
        super().__init__(*args, **kwargs)  # type: ignore[no-untyped-call] # drf-spectacular is half typed

    def _get_paths_and_endpoints(self) -> list[tuple[str, str, str, Any]]:
        """Leave out the views that Wagtail's admin has for itself; give operations of FHIR their "$" back.

        The enumerator takes it for the end of a regular expression and drops it.
        """
        found: list[tuple[str, str, str, Any]] = super()._get_paths_and_endpoints()  # type: ignore[no-untyped-call] # half typed
        return [
            (path.replace("/bulk-publish", "/$bulk-publish"), *rest)
            for path, *rest in found
            if path.startswith("/api/v1/")
        ]


def document_common_answers(result: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
    """Postprocessing hook: refusals that any operation may answer with, in the one error shape."""
    for path, methods in result["paths"].items():
        for method, operation in methods.items():
            if method in _OPERATIONS:
                _add_common(path, method, operation)
    return result


@lru_cache(maxsize=1)
def description() -> dict[str, Any]:
    """Return the OpenAPI description of this release, in English. Made once in a process."""
    with translation.override("en"):
        made: dict[str, Any] = NetworkSchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call] # half typed
    return made


@lru_cache(maxsize=1)
def description_yaml() -> str:
    """Return the description as YAML, in the form of the committed file."""
    from drf_spectacular.renderers import OpenApiYamlRenderer  # noqa: PLC0415 - imports Django's parts late

    rendered: bytes = OpenApiYamlRenderer().render(description(), renderer_context={})  # type: ignore[no-untyped-call] # half typed
    return rendered.decode()


def _add_common(path: str, method: str, operation: dict[str, Any]) -> None:
    answers = dict(_COMMON)
    if method in _WRITING:
        answers |= _COMMON_OF_WRITES
    if "{" in path:
        answers["404"] = "There is no such thing, or the caller may not know that there is."
    responses = operation["responses"]
    for status, text in answers.items():
        responses.setdefault(
            status, {"content": {"application/json": {"schema": _ERROR}}, "description": text}
        )
    responses["429"]["headers"] = {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds."}}
    operation["responses"] = dict(sorted(responses.items()))
