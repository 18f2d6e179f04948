"""What `make lint` and `.ci/run` check, in the order of STYLE.md, with the time of each."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from infra.local import node, prepare, progress
from infra.local.bootstrap import PYTHON
from infra.local.errors import LocalError
from infra.local.paths import FRONTEND, LOCAL, ROOT, VENV
from infra.local.servers import test_servers

SCHEMA = ROOT / "docs" / "openapi.yaml"
_BIN = VENV / "bin"
_DATABASE = "polyclinic_lint"
# Values that production accepts, and that open nothing: the checks read settings, they connect to nobody.
_PRODUCTION = {
    "DJANGO_SETTINGS_MODULE": "saas.settings.production",
    "SECRET_KEY": "".join(chr(code) for code in range(33, 123) if chr(code).isalnum()),
    "PLATFORM_HOST": "clinics.example.com",
    "EMAIL_URL": "smtp://mail.example.com:587",
    "DEFAULT_FROM_EMAIL": "noreply@clinics.example.com",
}


def lint() -> None:
    """Runs every check and reports all failures at the end. Raises LocalError when there was one."""
    failures: list[str] = []

    def check(title: str, command: Sequence[str | Path], env: Mapping[str, str], cwd: Path = ROOT) -> None:
        try:
            with progress.step(title):
                progress.run(command, log=f"lint-{title.lower().replace(' ', '-')}", env=env, cwd=cwd)
        except LocalError as error:
            failures.append(f"{progress.bold(title)}: {error}")

    node.build_frontend()
    servers = test_servers()
    try:
        env = _environment(servers.start())
        manage: list[str | Path] = [PYTHON, ROOT / "manage.py"]
        guard: list[str | Path] = [
            _BIN / "pytest",
            "-q",
            "-p",
            "no:randomly",
            ROOT / "tests" / "architecture" / "test_files.py",
        ]
        check("House rules", guard, env)
        check("Format", [_BIN / "ruff", "format", "--check", "."], env)
        check("Python rules", [_BIN / "ruff", "check", "."], env)
        check("Import contracts", [_BIN / "lint-imports"], env)
        check("Types", [_BIN / "mypy"], env)
        deploy = ["check", "--deploy", "--fail-level", "WARNING"]
        check("Production settings", [*manage, *deploy], {**env, **_PRODUCTION})
        check("Migrations", [*manage, "makemigrations", "--check", "--dry-run"], env)
        check("Templates", [_BIN / "djlint", "--lint", "--quiet", "templates"], env)
        check("Front end", [*node.npm_command(), "run", "lint"], node.environment(), cwd=FRONTEND)
        check("API description", [PYTHON, "-m", "infra.local", "schema", "check"], env)
    finally:
        servers.stop()
    if failures:
        raise LocalError("\n\n".join([f"{len(failures)} checks failed.", *failures]))


def write_schema(target: Path = SCHEMA) -> None:
    """Writes the OpenAPI description; every warning of the generator is an error."""
    command = ["spectacular", "--validate", "--fail-on-warn"]
    target.parent.mkdir(exist_ok=True)
    prepare.manage(*command, "--file", str(target), env=_environment(os.environ), log="schema")


def check_schema() -> None:
    """Compares the committed OpenAPI description with a fresh one. Raises LocalError with the difference."""
    fresh = LOCAL / "openapi.yaml"
    write_schema(fresh)
    difference = subprocess.run(
        ["git", "diff", "--no-index", "--unified=1", "--", SCHEMA, fresh],
        check=False,
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    if difference.returncode != 0:
        message = (
            f"{SCHEMA.relative_to(ROOT)} is stale: run `make schema`.\n{difference.stdout}{difference.stderr}"
        )
        raise LocalError(message)


def _environment(addresses: Mapping[str, str]) -> dict[str, str]:
    """The product's environment with a database of its own on the test server."""
    env = prepare.product_environment(addresses)
    if env.get("DATABASE_URL") and not os.environ.get("DATABASE_URL"):
        env["DATABASE_URL"] = env["DATABASE_URL"].rsplit("/", 1)[0] + f"/{_DATABASE}"
        prepare.ensure_database(env["DATABASE_URL"])
    return env
