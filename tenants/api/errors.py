"""Every refusal of the API in one shape: `code`, `message`, `params`, `fields`.

`message` is in the language of Accept-Language; `code` is stable. `fields` names what is wrong with each field of
the request: a list of `{code, message}`, nested fields joined by a dot (`patient.phone`).
"""

from collections.abc import Iterator, Mapping
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, PermissionDenied
from django.core.exceptions import ValidationError as DjangoValidationError
from django.http import Http404
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from saas.core.errors import DomainError, TooMany

FieldErrors = dict[str, list[dict[str, str]]]

_MESSAGES: dict[type[exceptions.APIException], tuple[str, str | Promise]] = {
    exceptions.ParseError: ("malformed", _("The request body is not valid JSON.")),
    exceptions.NotAuthenticated: ("not_authenticated", _("Sign in or send an API token.")),
    exceptions.AuthenticationFailed: ("invalid_token", _("This API token is not valid here.")),
    exceptions.PermissionDenied: ("forbidden", _("You are not allowed to do this.")),
    exceptions.NotFound: ("not_found", _("We could not find that.")),
    exceptions.MethodNotAllowed: ("method_not_allowed", _("This address does not support that method.")),
    exceptions.NotAcceptable: ("not_acceptable", _("Only application/json is available.")),
    exceptions.UnsupportedMediaType: ("unsupported_media_type", _("Send the body as application/json.")),
}


class InvalidRequest(exceptions.ValidationError):
    """Something in the query or body is wrong; `problems` says what, by field, ready to be shown."""

    def __init__(self, problems: Mapping[str, tuple[str, str | Promise]]) -> None:
        self.problems = dict(problems)
        super().__init__({field: str(text) for field, (_code, text) in self.problems.items()})


class BodyTooLarge(exceptions.APIException):
    """The body is longer than any request of this API needs."""

    status_code = 413
    default_code = "body_too_large"
    default_detail = _("The request is too large.")


def handle_error(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's EXCEPTION_HANDLER. A programming error is not handled: it crashes, is logged and answered with 500."""
    response = _response(error)
    if response is not None:
        set_rollback()
    return response


def body(
    code: str,
    message: str | Promise,
    *,
    params: dict[str, Any] | None = None,
    fields: FieldErrors | None = None,
) -> dict[str, Any]:
    """Return the one error shape."""
    return {"code": code, "message": str(message), "params": params or {}, "fields": fields or {}}


def domain_error_body(error: DomainError) -> dict[str, Any]:
    """Return the error shape for a rule's refusal."""
    return body(error.code, error.message, params=error.params)


def _response(error: Exception) -> Response | None:
    if isinstance(error, DomainError):
        headers = (
            {"Retry-After": str(error.params.get("retry_after", 1))} if isinstance(error, TooMany) else None
        )
        return Response(domain_error_body(error), status=error.status, headers=headers)
    if isinstance(error, InvalidRequest):
        return _invalid({field: [_problem(*problem)] for field, problem in error.problems.items()})
    if isinstance(error, exceptions.ValidationError):
        return _invalid(_flatten(error.get_full_details()))
    if isinstance(error, DjangoValidationError):
        return _invalid(_from_django(error))
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    if isinstance(error, exceptions.APIException):
        return _from_drf(error)
    return None


def _invalid(fields: FieldErrors) -> Response:
    message = _("Please check the marked fields.") if fields else _("The request is not valid.")
    return Response(body("invalid", message, fields=fields), status=400)


def _from_drf(error: exceptions.APIException) -> Response:
    headers = {}
    if challenge := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if getattr(error, "wait", None):
        headers["Retry-After"] = str(error.wait)  # type: ignore[attr-defined] # set on Throttled
    code, message = _MESSAGES.get(type(error), (str(error.default_code), str(error.default_detail)))
    return Response(body(code, message), status=error.status_code, headers=headers)


def _problem(code: str, message: str | Promise) -> dict[str, str]:
    return {"code": code, "message": str(message)}


def _flatten(details: object, path: str = "") -> FieldErrors:
    """DRF's nested details as one level of dotted names."""
    if (
        isinstance(details, dict)
        and set(details) == {"message", "code"}
        and isinstance(details["message"], str)
    ):
        return {path or "body": [_problem(str(details["code"]), details["message"])]}
    found: FieldErrors = {}
    for name, value in _parts(details, path):
        for field, problems in _flatten(value, name).items():
            found.setdefault(field, []).extend(problems)
    return found


def _parts(details: object, path: str) -> Iterator[tuple[str, object]]:
    """What a node of DRF's details holds, each with its dotted name."""
    if isinstance(details, dict):
        for key, value in details.items():
            yield (
                (path if key == "non_field_errors" else ".".join(part for part in (path, str(key)) if part)),
                value,
            )
    elif isinstance(details, list):
        for value in details:
            yield path, value


def _from_django(error: DjangoValidationError) -> FieldErrors:
    groups = error.error_dict if hasattr(error, "error_dict") else {NON_FIELD_ERRORS: error.error_list}
    fields: FieldErrors = {}
    for name, problems in groups.items():
        fields["body" if name == NON_FIELD_ERRORS else name] = [
            _problem(problem.code or "invalid", " ".join(map(str, problem.messages))) for problem in problems
        ]
    return fields
