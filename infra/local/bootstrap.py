"""Makes the virtual environment from the hash-locked list. Standard library only: it runs on the system's Python."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from infra.local import progress, stamps
from infra.local.errors import LocalError
from infra.local.paths import ROOT, VENV

LOCK = ROOT / "requirements-dev.lock"
PYTHON = VENV / "bin" / "python"
_MINIMUM = (3, 11)


def is_current() -> bool:
    """Says whether this process already runs in the project's virtual environment."""
    return Path(sys.prefix).resolve() == VENV.resolve()


def ensure_venv() -> None:
    """Creates and fills `.venv` unless it holds the locked packages already. Raises LocalError."""
    if os.name != "posix":
        message = "The embedded servers need Linux or macOS. On Windows use WSL 2."
        raise LocalError(message)
    if sys.version_info < _MINIMUM and not is_current():
        message = f"Python 3.11 or newer is needed; this is {sys.version.split()[0]} ({sys.executable})."
        raise LocalError(message)
    key = stamps.digest([LOCK], str(ROOT))
    if PYTHON.exists() and stamps.is_done("venv", key) and _works():
        return
    with progress.step("Python packages"):
        uv = shutil.which("uv")
        if not _works():
            _create(uv)
        _install(uv)
        _add_source_roots()
    stamps.mark_done("venv", key)


def reexec(arguments: list[str]) -> None:
    """Continues in the virtual environment's Python, as the same process."""
    os.chdir(ROOT)
    os.execv(PYTHON, [str(PYTHON), "-m", "infra.local", *arguments])  # noqa: S606 - replaces this process


def _works() -> bool:
    """A copied or moved checkout, or a removed base Python, leaves a `.venv` that cannot run."""
    check = f"import sys; sys.exit(sys.version_info < {_MINIMUM} or sys.prefix != {str(VENV)!r})"
    try:
        return subprocess.run([PYTHON, "-c", check], check=False, capture_output=True).returncode == 0
    except OSError:
        return False


def _create(uv: str | None) -> None:
    base = Path(getattr(sys, "_base_executable", sys.executable))
    shutil.rmtree(VENV, ignore_errors=True)
    if uv is not None:
        progress.run([uv, "venv", "--quiet", "--python", base, VENV], log="setup-venv")
        return
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    hint = (
        f"Python's venv module is incomplete here. On Debian and Ubuntu: apt-get install python{version}-venv "
        "(or python3-venv). Or install uv, which needs none of it."
    )
    try:
        progress.run([base, "-m", "venv", VENV], log="setup-venv", hint=hint)
    except LocalError:
        shutil.rmtree(VENV, ignore_errors=True)
        raise


def _install(uv: str | None) -> None:
    hint = "The Python packages come from the package index that pip or uv is set to: is the network up?"
    if uv is not None:
        command: list[str | Path] = [
            uv,
            "pip",
            "install",
            "--quiet",
            "--python",
            PYTHON,
            "--require-hashes",
            "-r",
            LOCK,
        ]
        progress.run(command, log="setup-packages", hint=hint)
        return
    # The lock is complete, so nothing has to be resolved; modules are compiled when they are first imported.
    options = ["--quiet", "--disable-pip-version-check", "--no-deps", "--no-compile", "--require-hashes"]
    progress.run([PYTHON, "-m", "pip", "install", *options, "-r", LOCK], log="setup-packages", hint=hint)


def _add_source_roots() -> None:
    """The two roots of ARCHITECTURE section 2, as an editable install would add them, without a build."""
    packages = next(iter(VENV.glob("lib/python*/site-packages")))
    (packages / "polyclinic.pth").write_text(f"{ROOT / 'platform'}\n{ROOT}\n")
