"""The sub-commands of `python -m infra.local` that need the virtual environment."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from infra.local import browser, checks, node, prepare, product, progress, texts
from infra.local.bootstrap import LOCK, PYTHON
from infra.local.paths import FRONTEND, ROOT, VENV
from infra.local.postgres import remove_outside
from infra.local.servers import run_servers, test_servers

_UV = VENV / "bin" / "uv"


def run(_arguments: Sequence[str]) -> int:
    """`run`: the whole product."""
    return product.run()


def setup(arguments: Sequence[str]) -> int:
    """`setup [browser]`: packages, front end and translations, so that tests can run."""
    node.build_frontend()
    prepare.compile_texts(prepare.product_environment(os.environ))
    if "browser" in arguments:
        browser.ensure()
    return 0


def servers(arguments: Sequence[str]) -> int:
    """`servers start|stop|remove|env`: the embedded servers without the product; `remove` drops their data."""
    pair = run_servers()
    if arguments in (["stop"], ["remove"]):
        for group in (pair, test_servers()):
            group.redis.stop()
            group.postgres.stop()
        if arguments == ["remove"]:
            remove_outside()
        return 0
    if arguments == ["start"]:
        pair.postgres.start()
        pair.redis.start()
    progress.say(f"export DATABASE_BASE={pair.postgres.url}")
    progress.say(f"export REDIS_BASE={pair.redis.url}")
    progress.say(f"export REDIS_URL={pair.redis.url}/0")
    return 0


def manage(arguments: Sequence[str]) -> int:
    """`manage COMMAND ...`: a management command against the embedded servers."""
    pair = run_servers()
    try:
        env = prepare.product_environment(pair.start())
        prepare.ensure_database(env["DATABASE_URL"])
        return subprocess.call([PYTHON, ROOT / "manage.py", *arguments], env=env, cwd=ROOT)
    finally:
        pair.stop()


def npm(arguments: Sequence[str]) -> int:
    """`npm ...`: the locked npm in the front end's folder."""
    node.build_frontend()
    return subprocess.call([*node.npm_command(), *arguments], cwd=FRONTEND, env=node.environment())


def lint(_arguments: Sequence[str]) -> int:
    """`lint`: every check but the tests."""
    checks.lint()
    return 0


def schema(arguments: Sequence[str]) -> int:
    """`schema write|check`: the committed OpenAPI description."""
    if arguments == ["check"]:
        checks.check_schema()
    else:
        checks.write_schema()
    return 0


def messages(_arguments: Sequence[str]) -> int:
    """`messages`: compiles the translations and lists what has no Russian one."""
    prepare.manage("compile_locales", env=prepare.product_environment(os.environ), log="setup-locales")
    missing = texts.untranslated()
    for text in missing:
        context = f" [{text.context}]" if text.context else ""
        progress.say(f"{text.place}: {text.text!r}{context}")
    progress.say(f"{len(missing)} texts without a Russian translation")
    return 1 if missing else 0


def lock(arguments: Sequence[str]) -> int:
    """`lock [--upgrade]`: writes the hash-locked lists, without addresses of package indexes."""
    options = [
        *("--universal", "--python-version", "3.11", "--generate-hashes"),
        *("--no-header", "--no-annotate", "--no-emit-index-url", "--quiet", *arguments),
    ]
    compiled = ROOT / "requirements.lock"
    for target, extra in ((compiled, []), (LOCK, ["--group", "dev"])):
        command: list[str | Path] = [
            _UV,
            "pip",
            "compile",
            "pyproject.toml",
            *extra,
            *options,
            "-o",
            target.name,
        ]
        with progress.step(target.name):
            progress.run(command, log=f"lock-{target.stem}")
    return 0


COMMANDS: dict[str, Callable[[Sequence[str]], int]] = {
    "run": run,
    "setup": setup,
    "servers": servers,
    "manage": manage,
    "npm": npm,
    "lint": lint,
    "schema": schema,
    "messages": messages,
    "lock": lock,
}


def main(arguments: Sequence[str]) -> int:
    """Runs the sub-command named first."""
    os.chdir(ROOT)
    name, *rest = arguments or [""]
    if name not in COMMANDS:
        progress.say(f"usage: python -m infra.local {'|'.join(COMMANDS)}")
        return 2
    return COMMANDS[name](rest)
