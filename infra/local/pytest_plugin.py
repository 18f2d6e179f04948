"""Gives the test run its PostgreSQL and Redis, before pytest-django reads the settings.

Loaded by `-p` in pyproject.toml. `DATABASE_URL` and `REDIS_URL` are used where set. Otherwise the embedded test
servers start once, in the process that the user started; workers of pytest-xdist inherit their addresses.
Each worker uses its own Redis database number; pytest-django gives each its own test database.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Generator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from infra.local.errors import LocalError
from infra.local.servers import test_servers
from infra.local.turns import turn


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None]:
    """A wrapper runs before pytest-django's own hook, which loads the settings."""
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker is None:
        servers = test_servers()
        try:
            os.environ.update(servers.start())
            os.environ.setdefault("PG_DUMP", str(servers.postgres.binary("pg_dump")))
        except LocalError as error:
            raise pytest.UsageError(str(error)) from error
        early_config.add_cleanup(servers.stop)
    else:
        os.environ["REDIS_URL"] = redis_url_of(worker, os.environ["REDIS_URL"])
    yield


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """A test marked `alone` waits until the other workers have ended theirs, and they wait for it."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID")
    if run is None:
        return (yield)
    folder = Path(tempfile.gettempdir()) / f"polyclinic-tests-{run}"
    folder.mkdir(exist_ok=True)
    with turn(folder, alone=item.get_closest_marker("alone") is not None):
        return (yield)


def redis_url_of(worker: str, url: str) -> str:
    """The Redis address of a worker (`gw0`, `gw1`, ...): the database numbers after the run's own."""
    parts = urlsplit(url)
    number = int(parts.path.strip("/") or 0) + 1 + int(worker.removeprefix("gw"))
    return parts._replace(path=f"/{number}").geturl()
