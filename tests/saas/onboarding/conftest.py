"""What the tests of the sign-up share."""

import re
from collections.abc import Callable
from uuid import uuid4

import pytest
from django.core import mail

PASSWORD = "violet tractor seldom rains"


@pytest.fixture
def filled() -> Callable[..., dict[str, str]]:
    """A function that gives a whole sign-up form; keyword arguments change fields."""

    def make(**changes: str) -> dict[str, str]:
        values = {
            "clinic_name": "Северная клиника",
            "address": "severnaya",
            "email": "owner@example.org",
            "password": PASSWORD,
            "country": "RU",
            "time_zone": "Europe/Moscow",
            "currency": "RUB",
            "language": "ru",
            "plan": "clinic",
            "request_key": str(uuid4()),
            "consent": "on",
        }
        return {**values, **changes}

    return make


def code_in_last_letter() -> str:
    found = re.search(r"\b\d{6}\b", str(mail.outbox[-1].body))
    assert found, mail.outbox[-1].body
    return found[0]
