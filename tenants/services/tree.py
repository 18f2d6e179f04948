"""The tree of service categories."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from tenants.services.models import ServiceCategory


@dataclass(frozen=True, slots=True)
class Branch:
    """A category and how deep it lies: 0 for a top one."""

    category: ServiceCategory
    depth: int


def category_tree() -> list[Branch]:
    """Return all categories, each followed by its children, siblings in their order. One query."""
    children: dict[int | None, list[ServiceCategory]] = defaultdict(list)
    for category in ServiceCategory.objects.all():
        children[category.parent_id].append(category)
    found: list[Branch] = []
    waiting = [Branch(category, 0) for category in reversed(children[None])]
    while waiting:
        branch = waiting.pop()
        found.append(branch)
        waiting += [Branch(child, branch.depth + 1) for child in reversed(children[branch.category.pk])]
    return found


def refuse_cycle(*, category_id: int | None, parent_id: int | None) -> None:
    """Check that a category does not get itself or one below it as its parent. Raises ValidationError `cycle`."""
    if category_id is None:
        return
    parents = dict(ServiceCategory.objects.values_list("id", "parent_id"))
    seen: set[int] = set()
    while parent_id is not None and parent_id not in seen:
        if parent_id == category_id:
            raise ValidationError(_("A category cannot lie inside itself or below itself."), code="cycle")
        seen.add(parent_id)
        parent_id = parents.get(parent_id)
