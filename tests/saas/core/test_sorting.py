"""Ё sorts with Е, in SQL and in Python."""

from __future__ import annotations

import pytest
from django.db.models import F
from django.db.models.expressions import OrderBy

from saas.core.sorting import alphabetical, letters

pytestmark = pytest.mark.unit


def test_only_names_are_sorted_by_their_letters() -> None:
    nearness = F("nearness").desc()
    name, down, order, given = alphabetical("user__last_name", "-name", "order", nearness)
    assert isinstance(name, OrderBy)
    assert not name.descending
    assert isinstance(down, OrderBy)
    assert down.descending
    assert order == "order"
    assert given is nearness


def test_python_sorts_the_same_way() -> None:
    assert sorted(["Жукова", "Ёлкина", "Егорова", "Абаева"], key=letters) == [
        "Абаева",
        "Егорова",
        "Ёлкина",
        "Жукова",
    ]
