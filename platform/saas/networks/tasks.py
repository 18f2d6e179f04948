"""Celery tasks that know their schema.

A network task takes `schema_name` as its first argument and runs inside that network; a public task runs in the
public schema. There is no third kind: a task without a schema does not run.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

import structlog
from celery import shared_task
from celery.app.task import Task

from saas.networks.context import NoSchemaEntered, network_context, public_context, schema_or_none
from saas.networks.directory import network_by_schema
from saas.networks.errors import NetworkNotFound
from saas.networks.lifecycle import works

logger = structlog.get_logger(__name__)


def network_task(**options: Any) -> Callable[[Callable[..., Any]], Task[..., Any]]:
    """Register `function(schema_name, ...)` as a task of one network.

    Refused without a schema name (`NoSchemaEntered`); skipped, with a log line, when the network is gone or its
    state does not let background work run. Arguments are ids and codes, never personal data.
    """

    def decorate(function: Callable[..., Any]) -> Task[..., Any]:
        @wraps(function)
        def run(schema_name: str | None = None, *args: Any, **kwargs: Any) -> object:
            if not isinstance(schema_name, str) or not schema_name.startswith("t_"):
                msg = f"task {function.__qualname__} was sent without a network's schema name"
                raise NoSchemaEntered(msg)
            try:
                network = network_by_schema(schema_name)
            except NetworkNotFound:
                logger.warning("task_skipped", task=function.__qualname__, reason="network_gone")
                return None
            if not works(network.state):
                logger.info("task_skipped", task=function.__qualname__, reason=f"network_{network.state}")
                return None
            with network_context(network):
                return function(schema_name, *args, **kwargs)

        return _registered(run, options)

    return decorate


def public_task(**options: Any) -> Callable[[Callable[..., Any]], Task[..., Any]]:
    """Register a task of the platform itself, run inside the public schema."""

    def decorate(function: Callable[..., Any]) -> Task[..., Any]:
        @wraps(function)
        def run(*args: Any, **kwargs: Any) -> object:
            with public_context():
                return function(*args, **kwargs)

        return _registered(run, options)

    return decorate


def assert_outside(**_kwargs: Any) -> None:
    """After every task (`task_postrun`): the worker's thread must have left every schema."""
    left_open = schema_or_none()
    if left_open is not None:
        msg = f"a task left schema {left_open} entered"
        raise RuntimeError(msg)


def _registered(run: Callable[..., Any], options: dict[str, Any]) -> Task[..., Any]:
    task: Task[..., Any] = shared_task(**options)(run)
    return task
