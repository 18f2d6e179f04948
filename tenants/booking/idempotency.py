"""Requests that may be repeated: the first answer is stored in the transaction that made it true."""

import json
from collections.abc import Callable
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection

from tenants.booking.errors import KeyReused
from tenants.booking.models import IdempotencyKey
from tenants.booking.transactions import in_transaction

Answer = tuple[int, dict[str, Any]]


def run_once(
    *, scope: str, key: str, fingerprint: str, work: Callable[[], Answer]
) -> tuple[int, dict[str, Any], bool]:
    """Run `work` unless `key` was answered before; return status, body and whether the answer is a replay.

    `scope` names the caller and the operation, `fingerprint` is a hash of the request. Two equal requests at once:
    the second waits on the unique index until the first commits, then gets its answer. Raises KeyReused when the
    key came with another request. What `work` raises is not stored: the transaction and the key go with it.
    """

    def transaction_body() -> tuple[int, dict[str, Any], bool]:
        row_id = _claim_key(scope, key, fingerprint)
        if row_id is None:
            return _stored_answer(scope, key, fingerprint)
        status, body = work()
        _keep_answer(row_id, status, body)
        return status, body, False

    return in_transaction(transaction_body)


def _claim_key(scope: str, key: str, fingerprint: str) -> int | None:
    """Insert the key; None when it is there already. Waits for a rival's open transaction (lock_timeout holds)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO booking_idempotencykey (scope, key, request_hash, created_at)"
            " VALUES (%s, %s, %s, statement_timestamp()) ON CONFLICT (scope, key) DO NOTHING RETURNING id",
            [scope, key, fingerprint],
        )
        row = cursor.fetchone()
    return int(row[0]) if row else None


def _keep_answer(row_id: int, status: int, body: dict[str, Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE booking_idempotencykey SET status = %s, response = %s WHERE id = %s",
            [status, json.dumps(body, cls=DjangoJSONEncoder), row_id],
        )


def _stored_answer(scope: str, key: str, fingerprint: str) -> tuple[int, dict[str, Any], bool]:
    stored = IdempotencyKey.objects.get(scope=scope, key=key)
    if stored.request_hash != fingerprint:
        raise KeyReused
    if stored.status is None or stored.response is None:
        msg = "an idempotency key was committed without its answer"
        raise RuntimeError(msg)
    return stored.status, stored.response, True
