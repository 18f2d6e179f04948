"""API tokens: made by managers, shown once, kept as a hash, dead in every other network."""

import re
import secrets
from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256
from typing import Final

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from saas.core.errors import NotFound, Refused
from tenants.api.models import ApiScope, ApiToken
from tenants.audit.actions import Actor, record

TOKEN_PREFIX: Final = "pc_"  # noqa: S105 - marks our tokens for people and secret scanners
_SHOWN_CHARACTERS: Final = 8
_FIELDS: Final = [field.attname for field in ApiToken._meta.concrete_fields]
_COLUMNS: Final = ", ".join(str(field.column) for field in ApiToken._meta.concrete_fields)
_FIND: Final = f"""
WITH noted AS (
  UPDATE api_apitoken SET last_used_on = %(today)s
  WHERE token_hash = %(hash)s AND last_used_on IS DISTINCT FROM %(today)s
    AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > %(now)s)
)
SELECT {_COLUMNS} FROM api_apitoken
WHERE token_hash = %(hash)s AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > %(now)s)
"""  # noqa: S608 - our own columns
_TOKEN: Final = re.compile(r"^pc_[A-Za-z0-9_-]{43}$")


class UnknownScope(Refused):
    """A scope that this API does not have, or none at all."""

    code = "unknown_scope"
    message = _("Choose what the token may do.")


class AlreadyExpired(Refused):
    """The end lies in the past."""

    code = "already_expired"
    message = _("Choose an end in the future.")


def create_token(
    *, name: str, scopes: Iterable[str], actor: Actor, now: datetime, expires_at: datetime | None = None
) -> tuple[ApiToken, str]:
    """Make a token; return it with its secret, which cannot be had again. Raises UnknownScope, AlreadyExpired."""
    chosen = sorted(set(scopes))
    if not chosen or not set(chosen) <= set(ApiScope.values):
        raise UnknownScope(params={"scopes": chosen})
    if expires_at is not None and expires_at <= now:
        raise AlreadyExpired
    secret = TOKEN_PREFIX + secrets.token_urlsafe(32)
    with transaction.atomic():
        token = ApiToken.objects.create(
            name=name,
            prefix=secret[:_SHOWN_CHARACTERS],
            token_hash=_hash(secret),
            scopes=chosen,
            created_by_id=actor.user_id,
            expires_at=expires_at,
        )
        record("api_token.created", actor=actor, on=token, data={"scopes": chosen})
    return token, secret


def revoke_token(*, token_id: int, actor: Actor, now: datetime) -> ApiToken:
    """Make a token useless at once. Locks its row; revoking again changes nothing. Raises NotFound."""
    with transaction.atomic():
        token = ApiToken.objects.select_for_update().filter(pk=token_id).first()
        if token is None:
            raise NotFound
        if token.revoked_at is None:
            token.revoked_at = now
            token.save(update_fields=["revoked_at"])
            record("api_token.revoked", actor=actor, on=token)
    return token


def find_token(secret: str, *, now: datetime) -> ApiToken | None:
    """Return the live token with this secret, or None: unknown here, revoked and expired look the same.

    Notes the day of use in the same statement; only the first use of a day writes.
    """
    if not _TOKEN.match(secret):
        return None
    with connection.cursor() as cursor:
        cursor.execute(_FIND, {"hash": _hash(secret), "now": now, "today": now.date()})
        row = cursor.fetchone()
    return None if row is None else ApiToken.from_db(connection.alias, _FIELDS, row)


def _hash(secret: str) -> str:
    """A plain hash is enough: the secret has 256 random bits."""
    return sha256(secret.encode()).hexdigest()
