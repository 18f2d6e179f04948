"""Signed values that leave the system and come back: links in messages, tokens in forms.

The schema is part of the salt: a value made in one network is noise in every other one.
"""

from datetime import timedelta
from typing import Any

from django.core import signing

from saas.networks.context import current_schema
from saas.networks.errors import BadLink, ExpiredLink


def sign(value: object, *, purpose: str) -> str:
    """Return a URL-safe token that carries `value` (JSON types; ids only, never personal data)."""
    return signing.dumps(value, salt=_salt(purpose), compress=True)


def unsign(token: str, *, purpose: str, max_age: timedelta | None = None) -> Any:  # noqa: ANN401 - as JSON as it was given
    """Return what `sign` was given. Raises BadLink, or ExpiredLink when older than `max_age`."""
    try:
        return signing.loads(token, salt=_salt(purpose), max_age=max_age)
    except signing.SignatureExpired as error:
        raise ExpiredLink from error
    except (signing.BadSignature, ValueError) as error:
        raise BadLink from error


def _salt(purpose: str) -> str:
    return f"polyclinic:{purpose}:{current_schema()}"
