"""Plain operations on schemas. Names are checked by shape before they are quoted into SQL."""

import re
from typing import Final

from django.db import connection

TEMPLATE_SCHEMA: Final = "tpl-template"
"""Holds what every network starts with. The hyphen makes PostgreSQL quote the name wherever it prints it,
so that replacing `"tpl-template"` in a dump cannot hit anything else."""

SCHEMA_NAME: Final = re.compile(r"^(?:t_[0-9]{1,18}|spare_[0-9a-f]{12}|tpl-template)$")


def quoted(schema_name: str) -> str:
    """Return the name as a quoted identifier. Raises ValueError for any name we would not have made."""
    if not SCHEMA_NAME.match(schema_name):
        msg = f"not a network schema: {schema_name!r}"
        raise ValueError(msg)
    return f'"{schema_name}"'


def schema_exists(schema_name: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = %s", [schema_name])
        return cursor.fetchone() is not None


def create_schema(schema_name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE SCHEMA {quoted(schema_name)}")


def drop_schema(schema_name: str) -> None:
    """Drop the schema and all that is in it; nothing happens if it does not exist."""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP SCHEMA IF EXISTS {quoted(schema_name)} CASCADE")


def rename_schema(old: str, new: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER SCHEMA {quoted(old)} RENAME TO {quoted(new)}")
    connection.forget_search_path()  # type: ignore[attr-defined] # our own wrapper
