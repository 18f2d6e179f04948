"""`Idempotency-Key`: a request that was sent twice is carried out once and answered twice with the same words."""

import json
import re
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any, Final

from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request
from rest_framework.response import Response

from tenants.api.authentication import caller_key
from tenants.api.errors import InvalidRequest
from tenants.booking.idempotency import run_once
from tenants.booking.transactions import in_transaction

HEADER: Final = "Idempotency-Key"
REPLAYED: Final = "Idempotency-Replayed"
_KEY: Final = re.compile(r"^[\x21-\x7e]{1,255}$")


def answer_once(
    request: Request,
    *,
    operation: str,
    accepted: Mapping[str, Any],
    work: Callable[[], tuple[int, dict[str, Any]]],
) -> Response:
    """Run `work` in one transaction and answer with its status and body.

    With the header, the same caller, operation and key get the first answer again; another body under the same
    key is refused (KeyReused, 422). A refusal is not remembered: the request may be tried again with its key.
    """
    key = request.headers.get(HEADER)
    if key is None:
        status, body = in_transaction(work)
        return Response(body, status=status)
    if not _KEY.match(key):
        raise InvalidRequest({HEADER: ("invalid", _("Give 1 to 255 printable characters without spaces."))})
    status, body, replayed = run_once(
        scope=f"api:{operation}:{caller_key(request)}", key=key, fingerprint=_fingerprint(accepted), work=work
    )
    return Response(_sorted(body), status=status, headers={REPLAYED: "true"} if replayed else None)


def _sorted(value: object) -> object:
    """The stored answer comes back with its keys in another order; sorting makes both answers equal to the byte."""
    if isinstance(value, dict):
        return {name: _sorted(value[name]) for name in sorted(value)}
    return [_sorted(item) for item in value] if isinstance(value, list) else value


def _fingerprint(accepted: Mapping[str, Any]) -> str:
    return sha256(json.dumps(accepted, sort_keys=True, default=str).encode()).hexdigest()
