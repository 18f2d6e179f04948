"""Lets a test that holds something against the clock run while no other worker of the run does anything."""

from __future__ import annotations

import contextlib
import fcntl
from collections.abc import Generator
from pathlib import Path


@contextlib.contextmanager
def turn(folder: Path, *, alone: bool) -> Generator[None]:
    """Wait for a turn and keep it for the length of the block: beside others, or alone.

    Whoever comes takes the gate first; one who wants to be alone keeps it while the others finish, so that nobody
    overtakes. The locks are the kernel's: they go with the process that held them.
    """
    with (folder / "gate").open("w") as gate, (folder / "room").open("w") as room:
        fcntl.flock(gate, fcntl.LOCK_EX)
        fcntl.flock(room, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        fcntl.flock(gate, fcntl.LOCK_UN)
        yield
