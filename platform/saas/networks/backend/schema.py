"""Schema editor that writes one ALTER action per statement and names every constraint.

Citus refuses `ALTER TABLE ... ADD COLUMN ... CHECK (...)` on a distributed table because the constraint has
no name of its own. Django writes exactly that for PositiveIntegerField and its kin, so the check is split off.
"""

from __future__ import annotations

from typing import Any

from django.db.backends.postgresql import schema as postgresql
from django.db.models import Field, Model


class DatabaseSchemaEditor(postgresql.DatabaseSchemaEditor):
    """Adds the column first and its check constraint second, under an explicit name."""

    def add_field(self, model: type[Model], field: Field[Any, Any]) -> None:
        check = field.db_parameters(connection=self.connection).get("check")
        if not check:
            super().add_field(model, field)
            return
        with _without_inline_check(field):
            super().add_field(model, field)
        name = self._create_index_name(  # type: ignore[attr-defined] # Django's own, missing in the stubs
            model._meta.db_table, [field.column], suffix="_check"
        )
        self.execute(self._create_check_sql(model, name, str(check)))  # type: ignore[attr-defined] # as above


class _without_inline_check:  # noqa: N801 - reads as a statement where it is used
    """Make a field report no check for the length of the block."""

    def __init__(self, field: Field[Any, Any]) -> None:
        self.field = field

    def __enter__(self) -> None:
        self.field.db_check = lambda connection: None  # type: ignore[method-assign] # undone in __exit__

    def __exit__(self, *_exc_info: object) -> None:
        del self.field.db_check
