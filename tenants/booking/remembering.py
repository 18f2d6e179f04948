"""Facts that every booking needs, from the network's cache, with one generation number for all of them.

Each entry carries the generation it was read under; any change of catalogue or rules begins a new generation.
An entry read before a change commits and stored after it carries the old number and is not used.
"""

import datetime as dt
from collections.abc import Callable
from typing import Any, Final, TypeVar

from django.core.cache import cache
from django.db import transaction

from saas.networks.context import current_schema, network_context

T = TypeVar("T")

_GENERATION: Final = "booking:generation"
_SECONDS: Final = 60
"""Bounds how long a change that sends no signal (bulk SQL) stays unseen."""


def remembered(key: str, read: Callable[[], T]) -> T:
    """Return the cached value of `key`, or what `read` returns."""
    found: T = remembered_together({key: read})[1][key]
    return found


def remembered_together(wanted: dict[str, Callable[[], Any]]) -> tuple[float, dict[str, Any]]:
    """Return the generation and the cached values of several keys, or what their functions return.

    One round trip when all are there.
    """
    names = {key: f"booking:{key}" for key in wanted}
    cached = cache.get_many([_GENERATION, *names.values()])
    number: float | None = cached.get(_GENERATION)
    if number is None:
        number = generation()
    found: dict[str, Any] = {}
    for key, read in wanted.items():
        entry: tuple[float, Any] | None = cached.get(names[key])
        if entry is not None and entry[0] == number:
            found[key] = entry[1]
            continue
        found[key] = read()
        cache.set(names[key], (number, found[key]), _SECONDS)
    return number, found


def generation() -> float:
    """Return the number of the present generation: it changes with catalogue and rules."""
    found: float | None = cache.get(_GENERATION)
    if found is None:
        cache.add(_GENERATION, _moment(), None)
        found = cache.get(_GENERATION)
    return found or 0.0


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
