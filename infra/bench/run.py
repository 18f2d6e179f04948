"""The run: everything is set up, the variants take turns, and the numbers are held against the targets."""

from __future__ import annotations

import contextlib
import statistics
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from itertools import count, islice

from django.db import connections

from infra.bench import load, measures, networks
from infra.bench.report import Check, Rate, print_checks, print_rates, write_json
from infra.bench.servers import FOLDER, HOST, web
from infra.local import progress

CONCURRENCIES = (1, 8)
BARE = "B  bare JSON"
SELECT = "S  SELECT 1"
ROUTED = "SELECT 1 in a network"
DAY = "available-slots, 1 day"
FORTNIGHT = "available-slots, 14 days"
BOOKING = "booking POST"
_BOOKINGS_PER_SECOND = 900
"""More than two cores can book; a run that used up its requests would end early and still be timed rightly."""


@dataclass(frozen=True, slots=True)
class Variant:
    """One view under load. `work` gives the requests of each sender for one run."""

    name: str
    port: int
    status: int
    work: Callable[[int, float], list[list[bytes]]]


def measure(env: Mapping[str, str], *, rounds: int, seconds: float) -> int:
    """Do the whole run; return 1 when a target is missed."""
    with progress.step("Platform and template"):
        networks.prepare_platform()
    with progress.step("Networks"):
        tiny = networks.small("tiny")
        alone = measures.count_queries(tiny, networks.free_times_of_one(tiny), 1)
        big = networks.large("big")
        third = networks.small("third")
    times = networks.free_times(big)
    with progress.step("Query counts"):
        crowded = measures.count_queries(big, times, 100)
        company = measures.count_queries(third, networks.free_times_of_one(third), 200)
    connections.close_all()
    rates = _under_load(env, big, times, rounds=rounds, seconds=seconds)
    with progress.step("Provisioning"):
        migrations = measures.seconds_of_migrations()
        provisioning = measures.seconds_of_provisioning()
        spare = measures.milliseconds_of_spare()
        tables = measures.tables_of(big)
    checks = [
        *_load_checks(rates),
        Check("queries, slots of one day", crowded.slots_day, 4, "at most", exact=True),
        Check("queries, slots of 14 days", crowded.slots_fortnight, 5, "at most", exact=True),
        Check("queries, booking", crowded.booking, 14, "at most", exact=True),
        Check(
            "queries more with 40 doctors and 120 services", _excess(crowded, alone), 0, "at most", exact=True
        ),
        Check("queries more with 3 networks", _excess(company, alone), 0, "at most", exact=True),
        Check("migrations / provisioning", migrations / provisioning, 15, "at least"),
        Check("SQL of taking a spare schema", spare, 20, "at most", unit=" ms"),
        Check("tables of a network", tables, 120, "at most", exact=True),
    ]
    progress.say()
    print_rates(rates)
    progress.say()
    print_checks(checks)
    facts: dict[str, object] = {
        "rounds": rounds,
        "seconds": seconds,
        "migrations_seconds": round(migrations, 3),
        "provisioning_seconds": round(provisioning, 3),
        "queries": asdict(crowded),
    }
    progress.say(f"\n{write_json(FOLDER, rates=rates, checks=checks, facts=facts)}")
    return 0 if all(check.is_met for check in checks) else 1


def _under_load(
    env: Mapping[str, str],
    site: networks.Site,
    times: Iterator[networks.Bookable],
    *,
    rounds: int,
    seconds: float,
) -> list[Rate]:
    with contextlib.ExitStack() as stack:
        plain = stack.enter_context(
            web("plain", settings="infra.bench.plain_settings", env=env, probe="/select", host=HOST)
        )
        routed = stack.enter_context(
            web("routed", settings="infra.bench.routed_settings", env=env, probe="/select", host=site.host)
        )
        product = stack.enter_context(
            web(
                "product",
                settings="saas.settings.production",
                env=env,
                probe="/api/v1/clinics/",
                host=site.host,
            )
        )
        bookings = networks.booking_requests(site, times, count(1000))

        def same(path: str, host: str) -> Callable[[int, float], list[list[bytes]]]:
            message = load.request("GET", path, host=host)
            return lambda senders, _seconds: [[message]] * senders

        def book(senders: int, length: float) -> list[list[bytes]]:
            each = int(length * _BOOKINGS_PER_SECOND / senders)
            return [list(islice(bookings, each)) for _ in range(senders)]

        variants = [
            Variant(BARE, plain.port, 200, same("/bare", HOST)),
            Variant(SELECT, plain.port, 200, same("/select", HOST)),
            Variant(ROUTED, routed.port, 200, same("/select", site.host)),
            Variant(DAY, product.port, 200, same(site.slots_path(1), site.host)),
            Variant(FORTNIGHT, product.port, 200, same(site.slots_path(14), site.host)),
            Variant(BOOKING, product.port, 201, book),
        ]
        return _rounds(variants, rounds=rounds, seconds=seconds)


def _rounds(variants: Sequence[Variant], *, rounds: int, seconds: float) -> list[Rate]:
    """Every round runs every variant at every concurrency, so that a slow moment of the machine hits all alike."""
    results: dict[tuple[str, int], list[load.Result]] = defaultdict(list)
    for number in range(rounds + 1):
        is_warm_up = number == 0
        length = 0.5 if is_warm_up else seconds
        with progress.step("Warm-up" if is_warm_up else f"Round {number} of {rounds}"):
            for senders in CONCURRENCIES:
                for variant in variants:
                    work = variant.work(senders, length)
                    result = load.run(variant.port, work, seconds=length, status=variant.status)
                    if not is_warm_up:
                        results[variant.name, senders].append(result)
    return [_rate(variant.name, senders, results) for variant in variants for senders in CONCURRENCIES]


def _rate(name: str, senders: int, results: Mapping[tuple[str, int], Sequence[load.Result]]) -> Rate:
    own = results[name, senders]

    def ratio(to: str) -> float:
        pairs = zip(own, results[to, senders], strict=True)
        return statistics.median(mine.rate / other.rate for mine, other in pairs)

    def percentile(share: float) -> float:
        return statistics.median(result.percentile(share) for result in own)

    rates = [result.rate for result in own]
    return Rate(
        variant=name,
        concurrency=senders,
        rate=statistics.median(rates),
        slowest=min(rates),
        fastest=max(rates),
        p50=percentile(0.50),
        p95=percentile(0.95),
        p99=percentile(0.99),
        to_bare=ratio(BARE),
        to_select=ratio(SELECT),
    )


def _load_checks(rates: Sequence[Rate]) -> list[Check]:
    found = {(rate.variant, rate.concurrency): rate for rate in rates}
    checks = []
    for senders in CONCURRENCIES:
        at = f"c={senders}"
        slow = found[BOOKING, senders].p95 / found[SELECT, senders].p95
        checks += [
            Check(f"SELECT 1 in a network / S, {at}", found[ROUTED, senders].to_select, 0.75, "at least"),
            Check(f"slots of one day / B, {at}", found[DAY, senders].to_bare, 0.18, "at least"),
            Check(f"booking / B, {at}", found[BOOKING, senders].to_bare, 0.06, "at least"),
            Check(f"p95 of booking / p95 of S, {at}", slow, 5, "at most"),
        ]
    return checks


def _excess(measured: measures.Counts, base: measures.Counts) -> int:
    """The largest surplus of any address."""
    names = [item.name for item in fields(measures.Counts)]
    return max(int(getattr(measured, name)) - int(getattr(base, name)) for name in names)
