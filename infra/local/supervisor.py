"""Keeps the product's processes running, tells when one dies, and ends them in order."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from infra.local import processes, progress
from infra.local.errors import LocalError
from infra.local.paths import LOCAL, LOGS, ROOT, local_dir

_POLL_SECONDS = 0.3
_LOG_LIMIT_BYTES = 10_000_000
# A process that dies this often within the window will not get better by being started again.
_DEATHS = 3
_WINDOW_SECONDS = 60


@dataclass
class Service:
    """One process of the product; `grace_seconds` is how long it may take to end what it is doing."""

    name: str
    command: Sequence[str | Path]
    grace_seconds: float = 10
    process: subprocess.Popen[bytes] | None = None
    deaths: list[float] = field(default_factory=list)

    @property
    def log(self) -> Path:
        """Where its output goes."""
        return LOGS / f"{self.name}.log"

    @property
    def pid_file(self) -> Path:
        """Where its process id is kept, for the next run to find after a crash of this one."""
        return local_dir(LOCAL / "run") / f"{self.name}.pid"

    @property
    def mark(self) -> str:
        """The word of the command line by which the process is known again."""
        return str(self.command[2])

    def start(self, env: Mapping[str, str]) -> None:
        """Starts it in a session of its own, so that Ctrl-C reaches the supervisor alone."""
        if self.log.exists() and self.log.stat().st_size > _LOG_LIMIT_BYTES:
            self.log.replace(self.log.with_suffix(".old.log"))
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(
                [str(word) for word in self.command],
                cwd=ROOT,
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        self.pid_file.write_text(f"{self.process.pid}\n")

    def kill_rest(self) -> None:
        """Ends what a dead process left behind, such as a worker's pool."""
        if self.process is not None:
            _kill_group(self.process.pid)

    def exit_code(self) -> int | None:
        """None while it runs."""
        return self.process.poll() if self.process else None

    def stop(self) -> None:
        """Asks it to end, waits, then kills what is left of its process group."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(self.grace_seconds)
        self.kill_rest()
        self.process.wait()
        self.pid_file.unlink(missing_ok=True)

    def stop_leftover(self) -> None:
        """Ends the process of an earlier run whose supervisor was killed."""
        try:
            pid = int(self.pid_file.read_text())
        except (FileNotFoundError, ValueError):
            return
        if processes.is_running(pid, mentions=self.mark):
            processes.stop(pid, sign=signal.SIGTERM, seconds=self.grace_seconds, mentions=self.mark)
            _kill_group(pid)
        self.pid_file.unlink(missing_ok=True)


class Supervisor:
    """Runs services until `ended` is set; stops them in reverse order."""

    def __init__(self, services: Sequence[Service], env: Mapping[str, str], ended: threading.Event) -> None:
        self._services = services
        self._env = env
        self._ended = ended

    def start(self, *names: str) -> None:
        """Starts the named services, all when none is named."""
        for service in self._services:
            if not names or service.name in names:
                service.start(self._env)

    def check(self) -> None:
        """Restarts what died; raises LocalError with the log's end when it keeps dying."""
        for service in self._services:
            code = service.exit_code()
            if code is None:
                continue
            service.kill_rest()
            now = time.monotonic()
            service.deaths = [moment for moment in service.deaths if now - moment < _WINDOW_SECONDS] + [now]
            report = f"{service.name} ended with code {code}. End of {service.log}:\n{_tail(service)}"
            if len(service.deaths) >= _DEATHS:
                message = (
                    f"{report}\n{service.name} died {_DEATHS} times within {_WINDOW_SECONDS} s: giving up."
                )
                raise LocalError(message)
            progress.say(f"{progress.red('!')} {report}\n  Starting it again.")
            service.start(self._env)

    def watch(self) -> None:
        """Returns when `ended` is set. Raises LocalError as `check` does."""
        while not self._ended.wait(_POLL_SECONDS):
            self.check()

    def stop(self) -> None:
        """Ends all services, the last one first."""
        for service in reversed(self._services):
            service.stop()


def _tail(service: Service) -> str:
    return "\n".join(f"    {line}" for line in processes.last_lines(service.log, 12).splitlines())


def _kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
