"""Refuse to start on a combination that can mix networks or lose acknowledged work."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.checks import Warning as CheckWarning


@register(Tags.database)
def check_engine(**_kwargs: Any) -> list[CheckMessage]:
    """Every database alias must use the fail-closed wrapper."""
    return [
        Error(f"DATABASES[{alias!r}] must use saas.networks.backend", id="networks.E001")
        for alias, options in settings.DATABASES.items()
        if options["ENGINE"] != "saas.networks.backend"
    ]


@register(Tags.caches)
def check_cache_keys(**_kwargs: Any) -> list[CheckMessage]:
    """Every cache alias but `platform` must put the schema into its keys."""
    return [
        Error(
            f"CACHES[{alias!r}] must set KEY_FUNCTION to saas.networks.cache.schema_key", id="networks.E002"
        )
        for alias, options in settings.CACHES.items()
        if alias != "platform" and options.get("KEY_FUNCTION") != "saas.networks.cache.schema_key"
    ]


@register(Tags.security)
def check_cookies(**_kwargs: Any) -> list[CheckMessage]:
    """A cookie with a Domain would travel from one network to another."""
    return [
        Error(f"{name} must stay None: cookies are host-only", id="networks.E003")
        for name in ("SESSION_COOKIE_DOMAIN", "CSRF_COOKIE_DOMAIN", "LANGUAGE_COOKIE_DOMAIN")
        if getattr(settings, name) is not None
    ]


@register(Tags.database)
def check_pooler(*, databases: Sequence[str] | None = None, **_kwargs: Any) -> list[CheckMessage]:
    """Behind a transaction pooler the server must report `search_path`; the database must not lose commits.

    Runs with `migrate` and `check --database default`, when a connection may be opened.
    """
    if not databases:
        return []
    from django.db import connection  # noqa: PLC0415 - only with a database at hand

    from saas.networks.context import public_context  # noqa: PLC0415 - apps must be loaded first

    found: list[CheckMessage] = []
    with public_context(), connection.cursor() as cursor:
        if settings.DATABASE_POOLER == "transaction" and not connection.connection.info.parameter_status(
            "search_path"
        ):
            found.append(
                Error(
                    "The transaction pooler does not track search_path: networks would be mixed",
                    hint="PostgreSQL 18 and PgBouncer >= 1.25.2 with track_extra_parameters = search_path",
                    id="networks.E004",
                )
            )
        for name in ("fsync", "synchronous_commit", "full_page_writes"):
            cursor.execute("SELECT current_setting(%s)", [name])
            if cursor.fetchone()[0] == "off" and not settings.DATABASE_MAY_LOSE_COMMITS:
                found.append(Error(f"PostgreSQL runs with {name} = off", id="networks.E005"))
    return found


@register(Tags.database)
def check_letters(*, databases: Sequence[str] | None = None, **_kwargs: Any) -> list[CheckMessage]:
    """Trigrams and text search take from LC_CTYPE what a letter is: under C, Cyrillic is none."""
    if not databases:
        return []
    from django.db import connection  # noqa: PLC0415 - only with a database at hand

    from saas.networks.context import public_context  # noqa: PLC0415 - apps must be loaded first

    with public_context(), connection.cursor() as cursor:
        cursor.execute("SELECT datctype FROM pg_database WHERE datname = current_database()")
        ctype = cursor.fetchone()[0]
    if ctype not in {"C", "POSIX"}:
        return []
    return [
        CheckWarning(
            f"The database's LC_CTYPE is {ctype}: a search that forgives typing errors sees no Cyrillic",
            hint="Create the database with LC_CTYPE 'C.UTF-8', as docs/operators.md says",
            id="networks.W006",
        )
    ]
