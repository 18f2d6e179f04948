from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from tenants.services.tree import category_tree, refuse_cycle
from tests.factories import make_category

pytestmark = [pytest.mark.django_db, pytest.mark.integration]


def test_children_follow_their_parent_in_order(network: object) -> None:
    second, first = make_category(name="B", order=2), make_category(name="A", order=1)
    make_category(name="A2", parent=first, order=2)
    inner = make_category(name="A1", parent=first, order=1)
    make_category(name="A11", parent=inner)

    assert [(branch.category.name, branch.depth) for branch in category_tree()] == [
        ("A", 0),
        ("A1", 1),
        ("A11", 2),
        ("A2", 1),
        (second.name, 0),
    ]


def test_category_cannot_lie_below_itself(network: object) -> None:
    top = make_category()
    middle = make_category(parent=top)
    low = make_category(parent=middle)

    for parent in (top, middle, low):
        with pytest.raises(ValidationError):
            refuse_cycle(category_id=top.pk, parent_id=parent.pk)
    refuse_cycle(category_id=low.pk, parent_id=top.pk)
    refuse_cycle(category_id=None, parent_id=low.pk)
