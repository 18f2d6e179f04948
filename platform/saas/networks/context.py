"""The only door into a schema.

The current schema lives in a ContextVar: it is visible to the thread (or asyncio task) that entered it and
to nobody else. A new thread starts with none, and with none set every query raises `NoSchemaEntered`.
Nothing falls back to public: public is entered explicitly as well.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final

import structlog

PUBLIC_SCHEMA: Final = "public"
EXTENSIONS_SCHEMA: Final = "extensions"


class NoSchemaEntered(RuntimeError):
    """A query, cache key or file path was asked for while no schema is entered: a bug, never a user's mistake."""


class NoNetworkContext(NoSchemaEntered):
    """A network was needed while none (or only the public schema) is entered."""


@dataclass(frozen=True, slots=True)
class NetworkRef:
    """What the rest of the code may know of a network without asking the public schema.

    `state` is a `NetworkState` value; `primary_host` is the host name without port.
    """

    id: int
    schema_name: str
    slug: str
    name: str
    state: str
    primary_host: str
    language: str = "ru"


@dataclass(frozen=True, slots=True)
class _Scope:
    schema_name: str
    network: NetworkRef | None


_scope: ContextVar[_Scope | None] = ContextVar("polyclinic_schema_scope", default=None)


@contextmanager
def network_context(network: NetworkRef | str) -> Iterator[None]:
    """Enter a network's schema; leave it for what was entered before, whatever happens inside.

    Takes a `NetworkRef`, or a bare schema name where no `current_network()` will be needed (migrations).
    """
    ref = network if isinstance(network, NetworkRef) else None
    schema_name = ref.schema_name if ref else str(network)
    if schema_name == PUBLIC_SCHEMA:
        msg = "public is entered with public_context()"
        raise ValueError(msg)
    with _entered(_Scope(schema_name=schema_name, network=ref)):
        yield


@contextmanager
def public_context() -> Iterator[None]:
    """Enter the public schema: platform tables only, nothing of any network."""
    with _entered(_Scope(schema_name=PUBLIC_SCHEMA, network=None)):
        yield


@contextmanager
def no_schema() -> Iterator[None]:
    """Leave every schema for the length of the block: what runs inside must not touch the database."""
    token = _scope.set(None)
    try:
        yield
    finally:
        _scope.reset(token)


@contextmanager
def _entered(scope: _Scope) -> Iterator[None]:
    token = _scope.set(scope)
    try:
        with structlog.contextvars.bound_contextvars(network=scope.schema_name):
            yield
    finally:
        _scope.reset(token)


def current_schema() -> str:
    """Return the entered schema's name. Raises NoSchemaEntered."""
    scope = _scope.get()
    if scope is None:
        msg = "no schema is entered: use saas.networks.context.network_context() or public_context()"
        raise NoSchemaEntered(msg)
    return scope.schema_name


def schema_or_none() -> str | None:
    """Return the entered schema's name, or None. For the database wrapper and for logging only."""
    scope = _scope.get()
    return scope.schema_name if scope else None


def is_public() -> bool:
    """Return whether the public schema is entered. Raises NoSchemaEntered."""
    return current_schema() == PUBLIC_SCHEMA


def current_network() -> NetworkRef:
    """Return the entered network. Raises NoNetworkContext in public or with nothing entered."""
    scope = _scope.get()
    if scope is None or scope.network is None:
        msg = "no network is entered"
        raise NoNetworkContext(msg)
    return scope.network


def search_path(schema_name: str) -> tuple[str, ...]:
    """Return the schemas PostgreSQL looks into, in order.

    Public is not behind a network: a table missing from a network must be an error, not public's copy.
    """
    return (schema_name, EXTENSIONS_SCHEMA)
