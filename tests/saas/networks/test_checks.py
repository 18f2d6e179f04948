"""Checks of the database that the platform is given."""

from __future__ import annotations

import pytest
from django.db import connection

from saas.networks.checks import check_letters
from saas.networks.context import public_context

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def test_letters_are_asked_of_the_database_only_when_there_is_one() -> None:
    assert check_letters() == []
    assert check_letters(databases=[]) == []


def test_database_that_sees_no_cyrillic_is_named() -> None:
    with public_context(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT datctype IN ('C', 'POSIX') FROM pg_database WHERE datname = current_database()"
        )
        is_blind = cursor.fetchone()[0]
        cursor.execute("SELECT cardinality(extensions.show_trgm('Ё')) = 0")
        assert cursor.fetchone()[0] == is_blind
    found = [message.id for message in check_letters(databases=["default"])]
    assert found == (["networks.W006"] if is_blind else [])
