"""Says what is being done and how long it took. Standard library only: it runs before anything is installed."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from infra.local.errors import LocalError
from infra.local.paths import LOGS, ROOT, local_dir

_FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_WIDTH = 44
_TAIL_LINES = 25


def _is_terminal() -> bool:
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def _paint(text: str, code: str) -> str:
    return f"\x1b[{code}m{text}\x1b[0m" if _is_terminal() and "NO_COLOR" not in os.environ else text


def green(text: str) -> str:
    """Text in green where the terminal has colours."""
    return _paint(text, "32")


def red(text: str) -> str:
    """Text in red where the terminal has colours."""
    return _paint(text, "31")


def dim(text: str) -> str:
    """Subdued text where the terminal has colours."""
    return _paint(text, "2")


def bold(text: str) -> str:
    """Bold text where the terminal has it."""
    return _paint(text, "1")


def say(text: str = "") -> None:
    """Prints a line at once, also into a pipe."""
    print(text, flush=True)


@contextlib.contextmanager
def step(title: str) -> Iterator[None]:
    """Shows a step with its running time on a terminal; elsewhere one line when it ends."""
    started = time.monotonic()
    done = threading.Event()
    spinner = threading.Thread(target=_spin, args=(title, started, done), daemon=True)
    if _is_terminal():
        spinner.start()
    mark = red("✗")
    try:
        yield
        mark = green("✓")
    finally:
        done.set()
        if spinner.is_alive():
            spinner.join()
        clear = "\r\x1b[2K" if _is_terminal() else ""
        say(f"{clear}  {mark} {title:<{_WIDTH}} {dim(f'{time.monotonic() - started:6.1f} s')}")


def _spin(title: str, started: float, done: threading.Event) -> None:
    turn = 0
    while not done.wait(0.1):
        frame = _FRAMES[turn % len(_FRAMES)]
        elapsed = dim(f"{time.monotonic() - started:6.1f} s")
        print(f"\r\x1b[2K  {frame} {title:<{_WIDTH}} {elapsed}", end="", flush=True)
        turn += 1


def run(
    command: Sequence[str | Path],
    *,
    log: str,
    env: Mapping[str, str] | None = None,
    cwd: Path = ROOT,
    hint: str = "",
) -> str:
    """Runs a command quietly, its output into `.local/log/<log>.log`; returns the output.

    Raises LocalError with the end of the output and the hint when the command fails or does not exist.
    """
    file = local_dir(LOGS) / f"{log}.log"
    words = [str(word) for word in command]
    with file.open("w") as out:
        try:
            code = subprocess.call(words, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        except OSError as error:
            message = f"{words[0]} could not be started: {error.strerror}. {hint}".strip()
            raise LocalError(message) from error
    output = file.read_text(errors="replace")
    if code != 0:
        tail = "\n".join(f"    {line}" for line in output.splitlines()[-_TAIL_LINES:])
        parts = [f"`{' '.join(words)}` ended with code {code}. End of {file}:", tail, hint]
        raise LocalError("\n".join(part for part in parts if part))
    return output
