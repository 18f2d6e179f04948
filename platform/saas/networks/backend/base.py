"""PostgreSQL backend whose every cursor is bound to the schema entered in `saas.networks.context`.

Why not django-tenants' own wrapper: it keeps the schema on the connection and starts in public, so a new
thread or a forgotten switch reads the wrong schema without a word (see docs/adr/0002).
"""

import time
from typing import Any

from django.conf import settings
from django.db.backends.postgresql import base as postgresql

from saas.networks.backend.schema import DatabaseSchemaEditor
from saas.networks.context import current_schema, search_path


class DatabaseWrapper(postgresql.DatabaseWrapper):
    """Sets `search_path` when, and only when, the connection's one differs from the entered schema's."""

    SchemaEditorClass = DatabaseSchemaEditor

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._applied_schema: str | None = None
        self._requests_served = 0
        self._opened_at = 0.0

    @property
    def schema_name(self) -> str:
        """The entered schema. Raises NoSchemaEntered."""
        return current_schema()

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:  # noqa: ANN401 - the driver's connection
        self._applied_schema = None
        self._requests_served = 0
        self._opened_at = time.monotonic()
        return super().get_new_connection(conn_params)

    def close(self) -> None:
        self._applied_schema = None
        super().close()

    def close_if_unusable_or_obsolete(self) -> None:
        """Also let go of a connection that has served its share of requests.

        A backend keeps 0.3 to 1.4 MB of catalogue cache for each network it has served and never gives it back.
        """
        self._requests_served += 1
        is_idle = self.connection is not None and not self.in_atomic_block
        if is_idle and self._requests_served > settings.DATABASE_MAX_REQUESTS_PER_CONNECTION:
            self.close()
            return
        super().close_if_unusable_or_obsolete()

    def forget_search_path(self) -> None:
        """Set the path anew before the next statement: for code that changed it by hand (schema scripts, renames)."""
        self._applied_schema = None

    # PostgreSQL undoes SET with the transaction or savepoint that issued it, so the memo goes with them.

    def _rollback(self) -> None:
        self._applied_schema = None
        super()._rollback()  # type: ignore[misc] # Django's own, missing in the stubs

    def _savepoint_rollback(self, sid: str) -> None:
        super()._savepoint_rollback(sid)  # type: ignore[misc] # as above
        self._applied_schema = None

    def _cursor(self, name: str | None = None) -> Any:  # noqa: ANN401 - Django's cursor wrapper
        schema_name = current_schema()
        cursor = super()._cursor(name)  # type: ignore[misc] # as above
        if self._applied_schema != schema_name:
            self._apply(schema_name)
        return cursor

    def _apply(self, schema_name: str) -> None:
        quoted = ", ".join(self.ops.quote_name(part) for part in search_path(schema_name))
        with self.wrap_database_errors, self.connection.cursor() as cursor:
            cursor.execute(f"SET search_path = {quoted}")
        self._applied_schema = schema_name
