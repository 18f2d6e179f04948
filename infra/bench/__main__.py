"""`python -m infra.bench`: one interleaved run of all measurements; exits with 1 when a target is missed."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Mapping, Sequence

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
    parser.add_argument(
        "--scale",
        action="store_true",
        help="measure a network of 10,000 doctors and 3 million visits instead",
    )
    parser.add_argument("--doctors", type=int, default=10_000, help="of --scale")
    parser.add_argument("--visits", type=int, default=0, help="of --scale; 300 a doctor by default")
    parser.add_argument(
        "--networks", default="1,200,1000", help="of --scale: with how many networks to measure, ascending"
    )
    parser.add_argument("--small", action="store_true", help="--scale in a minute, for a look that all works")
    parser.add_argument("--no-peer", action="store_true", help="--scale without django-appointment")
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

        if options.scale:
            return _scale(env, options)
        return measure(env, rounds=options.rounds, seconds=options.seconds)
    except LocalError as error:
        progress.say(progress.red(str(error)))
        return 2
    finally:
        with contextlib.suppress(KeyboardInterrupt):
            pair.stop()


def _scale(env: Mapping[str, str], options: argparse.Namespace) -> int:
    from infra.bench import scale, scale_data  # noqa: PLC0415 - needs Django set up

    defaults = scale_data.Size()
    size = scale_data.Size(
        doctors=options.doctors,
        clinics=min(defaults.clinics, options.doctors),
        specializations=min(defaults.specializations, options.doctors),
        visits=options.visits or options.doctors * 300,
    )
    plan = scale.Plan(
        size=size,
        networks=tuple(int(text) for text in options.networks.split(",")),
        peer_bookings=0 if options.no_peer else scale.PEER_BOOKINGS,
        rounds=options.rounds,
        seconds=options.seconds,
    )
    return scale.run(env, scale.small(plan) if options.small else plan)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
