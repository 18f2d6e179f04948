"""`python -m infra.bench`: one interleaved run of all measurements; exits with 1 when a target is missed."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Sequence

from infra.bench import servers
from infra.local import progress
from infra.local.errors import LocalError
from infra.local.paths import ROOT, local_dir
from infra.local.postgres import Postgres
from infra.local.servers import run_servers


def main(arguments: Sequence[str]) -> int:
    """Starts servers, makes networks, measures, reports. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument(
        "--rounds", type=int, default=3, help="rounds of load; 3 or more for ratios that mean something"
    )
    parser.add_argument("--seconds", type=float, default=3.0, help="length of one run of one view")
    options = parser.parse_args(arguments)
    os.chdir(ROOT)
    local_dir(servers.FOLDER / "var" / "static")
    pair = run_servers()
    try:
        with progress.step("PostgreSQL and Redis"):
            addresses = pair.start()
            database_url = servers.fresh_database(addresses["DATABASE_URL"])
        env = servers.environment(
            database_url=database_url,
            redis_url=addresses["REDIS_URL"],
            pg_dump=os.environ.get("PG_DUMP") or str(Postgres().binary("pg_dump")),
        )
        os.environ.update(env, LOG_LEVEL="ERROR")  # of this process; the servers log as in production
        sys.path[:0] = [str(ROOT / "platform")]
        import django  # noqa: PLC0415 - the environment names the settings

        django.setup()
        from infra.bench.run import measure  # noqa: PLC0415 - needs Django set up

        return measure(env, rounds=options.rounds, seconds=options.seconds)
    except LocalError as error:
        progress.say(progress.red(str(error)))
        return 2
    finally:
        with contextlib.suppress(KeyboardInterrupt):
            pair.stop()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
