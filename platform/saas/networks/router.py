"""Which app's tables belong to which kind of schema."""

from typing import Any

from django.apps import apps
from django.conf import settings
from django.db.models import Model

from saas.networks.context import PUBLIC_SCHEMA, current_schema


class SchemaRouter:
    """`SHARED_APPS` have tables in public, `TENANT_APPS` in every network; a few apps are on both lists."""

    def allow_migrate(self, _db: str, app_label: str, model_name: str | None = None, **_hints: Any) -> bool:
        """Return whether the entered schema gets the app's tables. Raises NoSchemaEntered."""
        wanted = settings.SHARED_APPS if current_schema() == PUBLIC_SCHEMA else settings.TENANT_APPS
        return apps.get_app_config(app_label).name in _module_names(wanted)

    def allow_relation(self, left: Model, right: Model, **_hints: Any) -> bool | None:
        """No opinion: foreign keys that would cross schemas do not exist (see the architecture tests)."""
        return None


def _module_names(entries: list[str]) -> set[str]:
    return {app.name for app in apps.get_app_configs() if app.name in entries or _config_path(app) in entries}


def _config_path(app: Any) -> str:
    return f"{type(app).__module__}.{type(app).__qualname__}"
