"""One content type cache per schema instead of one per process.

Django keeps content types in a dict on the manager, shared by all threads. With ids that differ between
schemas, one network would be given another's. The ids are also kept identical in all schemas
(`provisioning.template`); this is the second lock on the same door.
"""

from typing import Any

from django.contrib.contenttypes.models import ContentType, ContentTypeManager

from saas.networks.context import current_schema


class _PerSchemaCache:
    """Descriptor in place of `ContentTypeManager._cache`; managers of migrations' fake models get their own."""

    def __get__(self, manager: ContentTypeManager | None, _owner: type | None = None) -> object:
        if manager is None:
            return self
        by_schema = manager.__dict__.setdefault("_cache_by_schema", {})
        cache: dict[Any, Any] = by_schema.setdefault(current_schema(), {})
        return cache

    def __set__(self, manager: ContentTypeManager, value: dict[Any, Any]) -> None:
        """Django assigns an empty dict when a manager is made, before any schema can be entered."""
        manager.__dict__["_cache_by_schema"] = {}


def install() -> None:
    """Replace the process-wide cache. Safe to call twice."""
    # Django's private dict; an attribute of the class that shadows what instances were given.
    ContentTypeManager._cache = _PerSchemaCache()  # type: ignore[attr-defined] # noqa: SLF001
    ContentType.objects.__dict__.pop("_cache", None)


def forget(schema_name: str) -> None:
    """Drop what is cached for one schema, after it was dropped, restored or migrated."""
    ContentType.objects.__dict__.get("_cache_by_schema", {}).pop(schema_name, None)
