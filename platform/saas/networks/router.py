"""Which app's tables belong to which kind of schema."""

from functools import lru_cache
from typing import Any

from django.apps import AppConfig, apps
from django.conf import settings
from django.db.models import Model

from saas.networks.context import PUBLIC_SCHEMA, current_schema


class SchemaRouter:
    """`SHARED_APPS` have tables in public, `TENANT_APPS` in every network; a few apps are on both lists."""

    def allow_migrate(
        self, _db: str, app_label: str, model_name: str | None = None, **_hints: object
    ) -> bool:
        """Return whether the entered schema gets the app's tables. Raises NoSchemaEntered."""
        return has_tables_here(app_label)

    def allow_relation(self, left: Model, right: Model, **_hints: Any) -> bool | None:
        """No opinion: foreign keys that would cross schemas do not exist (see the architecture tests)."""
        return None


def has_tables_here(app_label: str) -> bool:
    """Return whether the entered schema has the app's tables. Raises NoSchemaEntered."""
    wanted = settings.SHARED_APPS if current_schema() == PUBLIC_SCHEMA else settings.TENANT_APPS
    return apps.get_app_config(app_label).name in _module_names(tuple(wanted))


@lru_cache(maxsize=8)
def _module_names(entries: tuple[str, ...]) -> frozenset[str]:
    configs = apps.get_app_configs()
    return frozenset(app.name for app in configs if app.name in entries or _config_path(app) in entries)


def _config_path(app: AppConfig) -> str:
    return f"{type(app).__module__}.{type(app).__qualname__}"
