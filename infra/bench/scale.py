"""`python -m infra.bench --scale`: a network of ten thousand doctors, a thousand networks beside it, and a peer.

All figures of one run are taken on the same machine in turns; what counts are the ratios.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from itertools import count
from uuid import uuid4

from django.db import connections, transaction

from infra.bench import load, networks, peer
from infra.bench.report import Check, print_checks, write_json
from infra.bench.scale_data import Chain, Size, build
from infra.bench.scale_measures import Figures, measure
from infra.bench.servers import FOLDER, HOST, web
from infra.local import progress
from saas.networks.context import public_context
from saas.networks.provisioning.script import create_from_script

SENDERS = 4
PEER_BOOKINGS = 200
_BOOKINGS_PER_SECOND = 600


@dataclass(frozen=True, slots=True)
class Plan:
    """How big a run is; `peer_bookings` 0 leaves the peer out."""

    size: Size
    networks: tuple[int, ...] = (1, 200, 1000)
    peer_bookings: int = PEER_BOOKINGS
    rounds: int = 3
    seconds: float = 5.0


def run(env: Mapping[str, str], plan: Plan) -> int:
    """Do the whole run; return 1 when a target is missed."""
    with progress.step("Platform and template"):
        networks.prepare_platform()
    chain = build(networks.provision("chain"), plan.size)
    by_networks: dict[int, Figures] = {}
    there = 1
    for wanted in plan.networks:
        _clone(wanted - there)
        there = max(there, wanted)
        with progress.step(f"Measuring with {wanted} network{'s' if wanted > 1 else ''}"):
            measure(chain)  # fills the caches, which the cloning of networks has let grow old
            by_networks[wanted] = measure(chain)
    rates = _http(env, plan) if plan.peer_bookings else None
    return _report(chain, by_networks, rates)


def _clone(count_of: int) -> None:
    """Make so many empty networks: a schema of the template each, as sign-up makes them."""
    if count_of <= 0:
        return
    with progress.step(f"{count_of} more networks"):
        for _ in range(count_of):
            with public_context(), transaction.atomic():
                create_from_script(f"t_{uuid4().int % 10**12 + 10**12}")
            # A backend remembers every table that it has met.
            connections.close_all()


@dataclass(frozen=True, slots=True)
class Rates:
    """Bookings a second through HTTP, round by round, with the same number of senders."""

    ours: list[float]
    peers: list[float]

    @property
    def ratios(self) -> list[float]:
        return sorted(mine / theirs for mine, theirs in zip(self.ours, self.peers, strict=True))


def _http(env: Mapping[str, str], plan: Plan) -> Rates:
    """Book through both products in turns: each its own database, both two workers on the same PostgreSQL."""
    site = networks.large("market")
    times = networks.free_times(site)
    bookings = networks.booking_requests(site, times, count(1))
    ours, theirs = [], []
    connections.close_all()
    with peer.running(env) as rival, _Product(env, site.host) as port:
        for number in range(plan.rounds):
            with progress.step(f"HTTP bookings, round {number + 1} of {plan.rounds}"):
                ours.append(_book(port, bookings, plan.seconds))
                theirs.append(rival.bookings_per_second(plan.peer_bookings, senders=SENDERS))
    return Rates(ours=ours, peers=theirs)


def _book(port: int, bookings: Iterator[bytes], seconds: float) -> float:
    each = int(seconds * _BOOKINGS_PER_SECOND / SENDERS)
    work = [[next(bookings) for _ in range(each)] for _ in range(SENDERS)]
    return load.run(port, work, seconds=seconds, status=201).rate


class _Product:
    """The product's web server, with the port as its value."""

    def __init__(self, env: Mapping[str, str], host: str) -> None:
        self._web = web(
            "product", settings="saas.settings.production", env=env, probe="/api/v1/clinics/", host=host
        )

    def __enter__(self) -> int:
        return self._web.__enter__().port

    def __exit__(self, *failure: object) -> None:
        self._web.__exit__(*failure)  # type: ignore[arg-type] # passed on as it came


def _report(chain: Chain, by_networks: Mapping[int, Figures], rates: Rates | None) -> int:
    alone = by_networks[min(by_networks)]
    progress.say()
    progress.say(
        progress.bold(
            f"{chain.visits:,} visits of {len(chain.doctor_ids):,} doctors, {chain.gaps:,} gaps; medians in ms, "
            "database / whole call, x = times a bare SELECT 1"
        )
    )
    for number, found in by_networks.items():
        progress.say(
            f"{number:>5} networks: SELECT 1 {found.select:.2f}; "
            f"one doctor, 90 days {found.quarter:.2f} / {found.quarter_whole:.2f} "
            f"(x{found.quarter / found.select:.0f}); "
            f"20 soonest {found.soonest:.2f} / {found.soonest_whole:.2f} (x{found.soonest / found.select:.0f}); "
            f"first of each {found.each:.1f} / {found.each_whole:.1f} (x{found.each / found.select:.0f}); "
            f"booking {found.booking:.2f} / {found.booking_whole:.2f}, bare rows {found.bare_booking:.2f}, "
            f"bare in one trip {found.bare_round_trip:.2f}, {found.statements_of_booking} statements"
        )
    checks = [
        Check("one doctor, 90 days, database time", alone.quarter, 5, "at most", unit=" ms"),
        Check("20 soonest of a booked-up specialization", alone.soonest, 10, "at most", unit=" ms"),
        Check(f"first of each of {len(chain.doctor_ids)} doctors", alone.each, 150, "at most", unit=" ms"),
        Check("booking transaction / bare inserts", alone.booking_ratio, 4, "at most"),
    ]
    for number, found in by_networks.items():
        if found is alone:
            continue
        for name in ("quarter", "soonest", "each", "booking"):
            # Per SELECT 1 of the same moment: the machine is shared, and its speed is not what is asked.
            ratio = (getattr(found, name) / found.select) / (getattr(alone, name) / alone.select)
            checks.append(Check(f"{name}, {number} networks / 1", ratio, 1.2, "at most"))
    if rates is not None:
        middle = rates.ratios[len(rates.ratios) // 2]
        checks.append(Check("HTTP bookings / django-appointment's", middle, 3, "at least"))
        progress.say(
            f"HTTP bookings a second, {SENDERS} senders: ours {_list(rates.ours)}; "
            f"django-appointment {peer.VERSION} {_list(rates.peers)}"
        )
    progress.say()
    print_checks(checks)
    facts: dict[str, object] = {
        "size": asdict(chain.size),
        "visits": chain.visits,
        "gaps": chain.gaps,
        "host": HOST,
        "figures": {str(number): asdict(found) for number, found in by_networks.items()},
        "http": asdict(rates) if rates is not None else None,
        "at": time.time(),
    }
    progress.say(f"\n{write_json(FOLDER, rates=[], checks=checks, facts=facts)}")
    return 0 if all(check.is_met for check in checks) else 1


def _list(rates: list[float]) -> str:
    return ", ".join(f"{rate:.0f}" for rate in rates)


def small(plan: Plan) -> Plan:
    """The same run in a minute or two: what CI checks is that it works, not the figures."""
    size = Size(doctors=60, clinics=3, specializations=3, visits=6_000)
    return replace(plan, size=size, networks=(1, 3), peer_bookings=0)
