"""Several statements in one round trip: what costs a transaction most is not the work but the waiting between."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

from django.db import connection, models
from django.db.models import Field, Model
from psycopg2.extensions import AsIs


class Batch:
    """Collects statements and sends them together, in order, inside the caller's transaction.

    Each sees what those before it did. The first that fails ends the batch with its own error, as if it had been
    sent alone; the transaction is then broken, as always. Rows inserted here send no `post_save`.
    """

    def __init__(self) -> None:
        self._statements: list[str] = []
        self._params: list[Any] = []

    def add(self, statement: str, params: Sequence[Any] = ()) -> None:
        """Add one statement, without its semicolon."""
        self._statements.append(statement)
        self._params.extend(params)

    def insert(self, row: Model) -> None:
        """Add the INSERT of an unsaved row. Its key stays unknown here: see `key_of_latest`."""
        names, fields = _insertable(type(row))
        self._statements.append(names)
        self._params.extend(_stored(field, row) for field in fields)

    def run_for_key(self, row: Model) -> None:
        """Send everything and give `row`, inserted by this batch as the last of its model, its key."""
        self.add("SELECT %s", [key_of_latest(type(row))])
        [(row.pk,)] = self.run()
        row._state.adding = False  # noqa: SLF001 - what Model.save() does; there is no public way
        row._state.db = connection.alias  # noqa: SLF001 - see above

    def run(self) -> list[tuple[Any, ...]]:
        """Send everything; return the rows of the last statement, none when it returns none."""
        if not self._statements:
            return []
        with connection.cursor() as cursor:
            cursor.execute(";\n".join(self._statements), self._params)
            return list(cursor.fetchall()) if cursor.description else []


def key_of_latest(model: type[Model], *, as_text: bool = False) -> Any:  # noqa: ANN401 - stands for a key, or its text
    """Return what stands for the key of the row of this model inserted last, in later statements of a batch."""
    sequence = f"{model._meta.db_table}_id_seq"
    return AsIs(f"currval('{sequence}'){'::text' if as_text else ''}")


_AS_THEY_ARE: Final[dict[type[Field[Any, Any]], type]] = {
    models.BigIntegerField: int,
    models.BooleanField: bool,
    models.CharField: str,
    models.DateTimeField: dt.datetime,
    models.EmailField: str,
    models.ForeignKey: int,
    models.IntegerField: int,
    models.OneToOneField: int,
    models.PositiveIntegerField: int,
    models.PositiveSmallIntegerField: int,
    models.SmallIntegerField: int,
    models.TextField: str,
}
"""What Django's own fields, not subclasses of them, store as it is: most values of a row, with nothing to ask."""


def _stored(field: Field[Any, Any], row: Model) -> object:
    value = field.pre_save(row, add=True)
    if isinstance(value, AsIs) or type(value) is _AS_THEY_ARE.get(type(field)):
        if isinstance(value, dt.datetime) and value.tzinfo is None:
            msg = f"{field.name}: an instant without a zone"
            raise ValueError(msg)
        return value
    return field.get_db_prep_save(value, connection)


@lru_cache(maxsize=64)
def _insertable(model: type[Model]) -> tuple[str, tuple[Field[Any, Any], ...]]:
    fields = tuple(
        field for field in model._meta.local_concrete_fields if not (field.primary_key and field.db_returning)
    )
    quote = connection.ops.quote_name
    columns = ", ".join(quote(str(field.column)) for field in fields)
    places = ", ".join(["%s"] * len(fields))
    table = quote(model._meta.db_table)
    return f"INSERT INTO {table} ({columns}) VALUES ({places})", fields  # noqa: S608 - names of our own tables
