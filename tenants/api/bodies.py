"""What the body of a request says, checked once for all views."""

from functools import lru_cache
from typing import Any

from django.utils import translation
from rest_framework.request import Request
from rest_framework.serializers import Serializer

from tenants.api.actions import patient_for_caller
from tenants.api.authentication import user_of
from tenants.api.params import Params
from tenants.api.permissions import runs_the_day
from tenants.clinics.selectors import organisation
from tenants.patients.models import Patient


def accepted_body(request: Request, serializer: type[Serializer[Any]]) -> dict[str, Any]:
    """Return the checked body of a request that takes no query parameters. Raises InvalidRequest, ValidationError."""
    Params(request, known=()).done()
    accepted: dict[str, Any] = _shared(serializer).run_validation(request.data)
    return accepted


def language_of(accepted: dict[str, Any]) -> str:
    """Return the language of messages to the patient: the one named, else that of the request."""
    return accepted.get("language") or translation.get_language() or ""


def patient_of(request: Request, accepted: dict[str, Any]) -> Patient:
    """Return who comes: by the contacts in the body, else the signed-in patient. Raises InvalidRequest.

    Who runs the day books for others, never for themselves.
    """
    user = user_of(request)
    return patient_for_caller(
        contacts=accepted.get("patient"),
        user=None if runs_the_day(user) else user,
        language=language_of(accepted),
        region=organisation().country,
    )


@lru_cache(maxsize=32)
def _shared(serializer: type[Serializer[Any]]) -> Serializer[Any]:
    """One instance for all requests: validating keeps no state, and copying a dozen fields each time costs more."""
    return serializer()
