"""Small facts about processes and ports."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil

from infra.local.errors import LocalError

LOOPBACK = "127.0.0.1"


def free_port() -> int:
    """A loopback port that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def is_port_free(port: int) -> bool:
    """Says whether a server could listen on the loopback port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def port_owner(port: int) -> str:
    """Names the process that listens on a port, as far as this user may see it."""
    try:
        connections = psutil.net_connections(kind="tcp")
    except psutil.AccessDenied:
        return "another program"
    for connection in connections:
        if connection.status == psutil.CONN_LISTEN and connection.laddr and connection.laddr.port == port:
            if connection.pid is None:
                break
            with contextlib.suppress(psutil.Error):
                process = psutil.Process(connection.pid)
                return f"{process.name()} (process {process.pid})"
    return "another program"


def is_running(pid: int, *, mentions: str) -> bool:
    """Says whether `pid` is alive and its command line mentions the text, so that a reused id is not trusted."""
    try:
        process = psutil.Process(pid)
        return process.status() != psutil.STATUS_ZOMBIE and mentions in " ".join(process.cmdline())
    except psutil.Error:
        return False


def wait_until(
    ready: Callable[[], bool], *, seconds: float, alive: Callable[[], bool] = lambda: True
) -> bool:
    """Polls `ready` until it holds (True), time runs out or `alive` turns false (False)."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if ready():
            return True
        if not alive():
            return False
        time.sleep(0.05)
    return False


def stop(pid: int, *, sign: signal.Signals, seconds: float, mentions: str) -> None:
    """Ends a process with a signal and waits; after `seconds` it is killed."""
    if not is_running(pid, mentions=mentions):
        return
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, sign)
    if not wait_until(lambda: not is_running(pid, mentions=mentions), seconds=seconds):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def reap(process: subprocess.Popen[bytes] | None) -> None:
    """Takes note of a child's end, so that it does not stay a zombie."""
    if process is not None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=1)


def remembered_port(file: Path) -> int:
    """The port written in `file` while it is free, else a new free one, which is then remembered."""
    with contextlib.suppress(FileNotFoundError, ValueError):
        port = int(file.read_text().strip())
        if is_port_free(port):
            return port
    port = free_port()
    file.write_text(f"{port}\n")
    return port


def last_lines(log: Path, count: int = 20) -> str:
    """The end of a log file, for error messages."""
    try:
        lines = log.read_text(errors="replace").splitlines()
    except FileNotFoundError:
        return "(no log)"
    return "\n".join(lines[-count:])


@contextlib.contextmanager
def exclusive(file: Path, *, busy: str = "") -> Iterator[None]:
    """Holds an advisory file lock, so that two starts at once do not race.

    Waits for the other one, or raises LocalError with the text `busy` where one is given.
    """
    with file.open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | (fcntl.LOCK_NB if busy else 0))
        except BlockingIOError as error:
            raise LocalError(busy) from error
        yield
