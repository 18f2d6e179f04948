"""The embedded servers together, each replaced by `DATABASE_URL` or `REDIS_URL` where one is set."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from infra.local.postgres import Postgres
from infra.local.redis import Redis

DATABASE = "polyclinic"


@dataclass
class Servers:
    """PostgreSQL and Redis; `stop` ends only what `start` started."""

    postgres: Postgres
    redis: Redis
    started: list[Postgres | Redis] = field(default_factory=list)

    def start(self, environ: Mapping[str, str] = os.environ) -> dict[str, str]:
        """Starts what the environment does not name; returns DATABASE_URL and REDIS_URL. Raises LocalError."""
        addresses = {key: environ[key] for key in ("DATABASE_URL", "REDIS_URL") if environ.get(key)}
        if "DATABASE_URL" not in addresses:
            self._start(self.postgres)
            addresses["DATABASE_URL"] = f"{self.postgres.url}/{DATABASE}"
        if "REDIS_URL" not in addresses:
            self._start(self.redis)
            addresses["REDIS_URL"] = f"{self.redis.url}/0"
        return addresses

    def advice(self, environ: Mapping[str, str] = os.environ) -> str:
        """What the person who started the servers should know; empty when there is nothing."""
        if environ.get("DATABASE_URL") or not self.postgres.has_old_locale:
            return ""
        return (
            "These databases were made by an older version: everything works, but a search that forgives typing "
            f"errors does not see Cyrillic. To start anew: stop, remove {self.postgres.data}, `make run`."
        )

    def stop(self) -> None:
        """Ends the servers that this object started, Redis first."""
        while self.started:
            self.started.pop().stop()

    def _start(self, server: Postgres | Redis) -> None:
        if server.start():
            self.started.append(server)


def run_servers() -> Servers:
    """The servers of `make run`: what they hold survives a crash of the machine."""
    return Servers(Postgres(), Redis())


def test_servers() -> Servers:
    """The servers of the test suite: apart from the demo's data, and not crash-safe."""
    return Servers(Postgres("postgres-test", durable=False), Redis("redis-test", durable=False))
