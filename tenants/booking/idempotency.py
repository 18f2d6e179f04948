"""Requests that may be repeated: the first answer is stored in the transaction that made it true."""

import json
from collections.abc import Callable
from typing import Any

from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection

from saas.core.errors import DomainError
from tenants.booking.errors import KeyReused
from tenants.booking.models import IdempotencyKey
from tenants.booking.transactions import in_transaction

Answer = tuple[int, dict[str, Any]]


class _Answered(DomainError):
    """The key has its answer: what was done under it again is taken back."""


def run_once(
    *, scope: str, key: str, fingerprint: str, work: Callable[[], Answer]
) -> tuple[int, dict[str, Any], bool]:
    """Run `work` unless `key` was answered before; return status, body and whether the answer is a replay.

    `scope` names the caller and the operation, `fingerprint` is a hash of the request. Raises KeyReused when the
    key came with another request. What `work` raises is not stored: the transaction and the key go with it.

    A repeated request is the rare case, so `work` goes first and the key is written with its answer. Of two equal
    requests at once the second is either refused by what the first did or waits on the unique index; then all it
    did is rolled back and it gets the first one's answer. So `work` must leave nothing outside the transaction.
    """

    def transaction_body() -> Answer:
        status, body = work()
        if not _keep_answer(scope, key, fingerprint, status, body):
            raise _Answered
        return status, body

    try:
        status, body = in_transaction(transaction_body)
    except (DomainError, ValidationError):
        stored = _stored_answer(scope, key, fingerprint)
        if stored is None:
            raise
        return *stored, True
    return status, body, False


def _keep_answer(scope: str, key: str, fingerprint: str, status: int, body: dict[str, Any]) -> bool:
    """Insert the key with its answer; false when it is there. Waits for a rival's open transaction."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO booking_idempotencykey (scope, key, request_hash, status, response, created_at)"
            " VALUES (%s, %s, %s, %s, %s, statement_timestamp()) ON CONFLICT (scope, key) DO NOTHING",
            [scope, key, fingerprint, status, json.dumps(body, cls=DjangoJSONEncoder)],
        )
        return bool(cursor.rowcount == 1)


def _stored_answer(scope: str, key: str, fingerprint: str) -> Answer | None:
    stored = IdempotencyKey.objects.filter(scope=scope, key=key).first()
    if stored is None:
        return None
    if stored.request_hash != fingerprint:
        raise KeyReused
    if stored.status is None or stored.response is None:
        msg = "an idempotency key was committed without its answer"
        raise RuntimeError(msg)
    return stored.status, stored.response
