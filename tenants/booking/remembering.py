"""Facts that every booking needs, from the network's cache, with one generation number for all of them.

Each entry carries the generation it was read under; any change of catalogue or rules begins a new generation.
An entry read before a change commits and stored after it carries the old number and is not used.
"""

import datetime as dt
from collections.abc import Callable
from typing import Final, TypeVar

from django.core.cache import cache
from django.db import transaction

from saas.networks.context import current_schema, network_context

T = TypeVar("T")

_GENERATION: Final = "booking:generation"
_SECONDS: Final = 60
"""Bounds how long a change that sends no signal (bulk SQL) stays unseen."""


def remembered(key: str, read: Callable[[], T]) -> T:
    """Return the cached value of `key`, or what `read` returns."""
    key = f"booking:{key}"
    cached = cache.get_many([_GENERATION, key])
    generation = cached.get(_GENERATION)
    entry: tuple[float, T] | None = cached.get(key)
    if entry is not None and generation is not None and entry[0] == generation:
        return entry[1]
    if generation is None:
        cache.add(_GENERATION, _moment(), None)
        generation = cache.get(_GENERATION)
    value = read()
    cache.set(key, (generation, value), _SECONDS)
    return value


def forget() -> None:
    """Begin a new generation, now and again when the transaction commits (a rival may have read in between)."""
    _next_generation()
    if transaction.get_connection().in_atomic_block:
        schema_name = current_schema()

        def after_commit() -> None:
            with network_context(schema_name):
                _next_generation()

        transaction.on_commit(after_commit, robust=True)


def _next_generation() -> None:
    cache.set(_GENERATION, _moment(), None)


def _moment() -> float:
    # Not a counter: one lost by Redis would begin anew and meet old entries.
    return dt.datetime.now(tz=dt.UTC).timestamp()
