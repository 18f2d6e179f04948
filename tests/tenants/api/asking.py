"""Asking the API with few words."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection
from django.utils import timezone

from saas.networks.context import NetworkRef, network_context
from tenants.api.models import ApiScope
from tenants.api.tokens import create_token
from tenants.audit.actions import SYSTEM
from tests.factories import Bookable
from tests.fixtures.networks import NetworkClient

__all__ = ["CONTACTS", "MOSCOW", "Caller", "NetworkClient", "at", "counted", "day_ahead", "token_for", "wish"]

MOSCOW = ZoneInfo("Europe/Moscow")
CONTACTS = {
    "last_name": "Orlova",
    "first_name": "Anna",
    "phone": "+7 916 123-45-67",
    "email": "anna@example.org",
}
Reply = tuple[int, Any]


class Caller:
    """Somebody who speaks JSON to a network's API."""

    def __init__(self, network: NetworkRef, *, token: str = "", client: NetworkClient | None = None) -> None:
        self.client = client or NetworkClient(network)
        self.headers = {"authorization": f"Bearer {token}"} if token else {}

    def get(self, path: str, **headers: str) -> Reply:
        answer = self.client.get(f"/api/v1/{path}", headers={**self.headers, **headers})
        return answer.status_code, answer.json()

    def post(self, path: str, body: object = None, **headers: str) -> Reply:
        answer = self.client.post(
            f"/api/v1/{path}",
            body if isinstance(body, str | bytes) else json.dumps(body or {}),
            content_type="application/json",
            headers={**self.headers, **headers},
        )
        return answer.status_code, answer.json()


def token_for(network: NetworkRef, *scopes: str, **fields: Any) -> str:
    with network_context(network):
        _row, secret = create_token(
            name="test", scopes=scopes or ApiScope.values, actor=SYSTEM, now=timezone.now(), **fields
        )
    return secret


def day_ahead(days: int = 3) -> dt.date:
    return timezone.now().astimezone(MOSCOW).date() + dt.timedelta(days=days)


def at(hour: int, minute: int = 0, *, days: int = 3) -> str:
    """An instant of a coming day on Moscow's clock."""
    return dt.datetime.combine(day_ahead(days), dt.time(hour, minute), MOSCOW).isoformat()


def wish(bookable: Bookable, starts_at: str | None = None, **changes: Any) -> dict[str, Any]:
    """The body of a guest's booking."""
    return {
        "doctor": bookable.doctor.pk,
        "service": bookable.service.pk,
        "clinic": bookable.clinic.pk,
        "starts_at": starts_at or at(10),
        "patient": CONTACTS,
        **changes,
    }


@contextmanager
def counted() -> Iterator[list[str]]:
    """The statements that the block sends to PostgreSQL."""
    seen: list[str] = []

    def collect(execute: Callable[..., object], sql: str, *rest: object) -> object:
        seen.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(collect):
        yield seen
