"""The sub-commands of `python -m infra.local` that need the virtual environment."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Sequence

from infra.local import node, product, progress
from infra.local.bootstrap import PYTHON
from infra.local.paths import FRONTEND, ROOT
from infra.local.servers import run_servers, test_servers


def setup(arguments: Sequence[str]) -> int:
    """`setup [browser]`: packages and front end, so that tests and linters can run."""
    node.build_frontend()
    if "browser" in arguments:
        from infra.local import browser  # noqa: PLC0415 - installs nothing unless asked

        browser.ensure()
    return 0


def servers(arguments: Sequence[str]) -> int:
    """`servers start|stop|env`: the embedded servers without the product."""
    pair = run_servers()
    if arguments == ["stop"]:
        for group in (pair, test_servers()):
            group.redis.stop()
            group.postgres.stop()
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
    from infra.local import prepare  # noqa: PLC0415 - needs psycopg2 only here

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
    return subprocess.call(["npm", *arguments], cwd=FRONTEND, env=node.environment())


def run(_arguments: Sequence[str]) -> int:
    """`run`: the whole product."""
    return product.run()


COMMANDS: dict[str, Callable[[Sequence[str]], int]] = {
    "run": run,
    "setup": setup,
    "servers": servers,
    "manage": manage,
    "npm": npm,
}


def main(arguments: Sequence[str]) -> int:
    """Runs the sub-command named first."""
    os.chdir(ROOT)
    name, *rest = arguments or [""]
    if name not in COMMANDS:
        progress.say(f"usage: python -m infra.local {'|'.join(COMMANDS)}")
        return 2
    return COMMANDS[name](rest)
