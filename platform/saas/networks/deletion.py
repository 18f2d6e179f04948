"""Deleting a row must look only into tables of the entered schema.

`User`, `ContentType` and `Permission` live on both sides, and models of both sides point at them: without this,
deleting a network's user would look for the platform's `django_admin_log`, which no network has.
"""

from collections.abc import Iterator
from typing import Any, cast

from django.db.models import Model, deletion

from saas.networks.router import has_tables_here


def install() -> None:
    """Filter the relations that Django follows when it deletes. Safe to call twice."""
    original = deletion.get_candidate_relations_to_delete
    if getattr(original, "looks_here_only", False):
        return

    def candidates(opts: Any) -> Iterator[Any]:  # noqa: ANN401 - Django's private Options and relation types
        return (
            relation
            for relation in original(opts)
            if has_tables_here(cast("type[Model]", relation.related_model)._meta.app_label)
        )

    candidates.looks_here_only = True  # type: ignore[attr-defined] # marks our own function
    deletion.get_candidate_relations_to_delete = candidates
