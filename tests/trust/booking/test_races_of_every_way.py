"""Two hundred bookers at once through every front door: API, site, links and desk, over doctors, rooms and devices."""

from __future__ import annotations

import datetime as dt
import os
import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import httpx
import pytest
from django.db import OperationalError, connections, transaction
from django.db.models import Count

from saas.networks.context import NetworkRef, network_context
from tenants.booking.loading import lock_resources
from tenants.booking.models import Appointment, Claim, Resource, WaitlistEntry
from tests.factories import Bookable, make_bookable
from tests.fixtures.networks import ClientFor
from tests.trust.booking.racing import count_deadlocks, count_overlaps
from tests.trust.booking.server import web_server
from tests.trust.booking.test_races import half_written
from tests.trust.booking.ways import SEATS, WAYS, Answer, Booker, House, make_house

pytestmark = [
    pytest.mark.alone,
    pytest.mark.django_db(transaction=True),
    pytest.mark.slow,
    pytest.mark.timeout(300),
]

AT_ONCE = 40
WARM_UP, WARM_UP_WINNERS = 75, 8
REFUSING = [name for name in WAYS if name not in {"api, a seat", "link, an offer", "desk, walk-in"}]
LOSERS_WAIT_SECONDS = 2.0
"""Half of the losers have their answer by then, though forty requests wait for two cores at any moment."""
LAST_LOSER_WAITS_SECONDS = 10.0

Wanting = tuple[str, dt.datetime, Bookable, Appointment]
"""By which way somebody comes, at which time, with whom, or with which visit to be moved."""


def test_two_hundred_by_every_way(network: NetworkRef, client_for: ClientFor, tmp_path: Path) -> None:
    house = make_house(network, client_for)
    deadlocks = count_deadlocks()
    others = max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))  # the limit is that of an idle machine
    log = tmp_path / "server.log"
    with web_server(log, settings={"TRUSTED_PROXY_COUNT": "1"}) as base:
        _warm_up(house, network, base)
        answers = _race(house, network, base)
    written = log.read_text()

    assert len(answers) >= 200
    refused = [each for each in answers if each.response.status_code != WAYS[each.way].won]
    codes = Counter((each.way, each.response.status_code) for each in refused)
    assert {status for _way, status in codes} <= {409}, f"{codes}\n{written[-3000:]}"
    assert "Traceback" not in written
    assert "booking_transaction_retried" not in written
    assert count_deadlocks() == deadlocks
    assert count_overlaps() == half_written() == 0
    _every_way_has_winners_and_losers(answers)
    for each in refused:
        _shows_other_times(each)
    waited = sorted(each.seconds for each in refused)
    assert waited[len(waited) // 2] < LOSERS_WAIT_SECONDS * others, waited[-40:]
    assert waited[-1] < LAST_LOSER_WAITS_SECONDS, waited[-40:]
    _every_visit_has_its_rooms()
    house.session.refresh_from_db()
    assert house.session.taken == Appointment.objects.filter(session=house.session).count() == SEATS
    assert WaitlistEntry.objects.filter(state="booked").count() == len(house.offers)
    assert not Claim.objects.filter(active=True, kind="hold").exists()


def _warm_up(house: House, network: NetworkRef, base: str) -> None:
    """Let every worker load its code and templates, letters included: a few win, the others find all devices in use."""
    people = []
    for number in range(WARM_UP):
        visit = house.visits[number % len(house.visits)]
        at = house.visits[(number + 2) % len(house.visits)].appointment_date
        if number < WARM_UP_WINNERS:
            at = house.quiet_start(len(WAYS) + number)
        bookable = house.bookables[number % len(house.bookables)]
        people.append((REFUSING[number % len(REFUSING)], at, bookable, visit))
    answers = _at_once(people, house, network, base, first=1000)
    assert {each.response.status_code for each in answers} <= {200, 201, 303, 409}


def _race(house: House, network: NetworkRef, base: str) -> list[Answer]:
    """Send everybody in, in random order; the first of every way wants a time that nobody else wants."""
    chance = random.Random(17)
    people = [
        (
            name,
            house.start(chance.randrange(100)) if n else house.quiet_start(place),
            chance.choice(house.bookables),
            chance.choice(house.visits) if n else house.own_visits[place],
        )
        for place, (name, way) in enumerate(WAYS.items())
        for n in range(way.come)
    ]
    chance.shuffle(people)
    return _at_once(people, house, network, base)


def _at_once(
    people: list[Wanting],
    house: House,
    network: NetworkRef,
    base: str,
    *,
    first: int = 0,
) -> list[Answer]:
    """Let people go `AT_ONCE` at a time, beginning together."""
    limits = httpx.Limits(max_connections=AT_ONCE, max_keepalive_connections=AT_ONCE)
    wire = httpx.HTTPTransport(limits=limits)
    host = network.primary_host
    bookers = [
        (
            name,
            Booker(
                *(house, first + n), at=at, bookable=bookable, visit=visit, base=base, host=host, wire=wire
            ),
        )
        for n, (name, at, bookable, visit) in enumerate(people)
    ]
    gun = Barrier(AT_ONCE)

    def run(mine: list[tuple[str, Booker]]) -> list[Answer]:
        with network_context(network):
            gun.wait(timeout=30)
            return [Answer(name, WAYS[name].go(booker), booker.slowest) for name, booker in mine]

    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        parts = list(pool.map(run, [bookers[n::AT_ONCE] for n in range(AT_ONCE)]))
    wire.close()
    return [answer for part in parts for answer in part]


def _every_way_has_winners_and_losers(answers: list[Answer]) -> None:
    won: Counter[str] = Counter()
    lost: Counter[str] = Counter()
    for each in answers:
        (won if each.response.status_code == WAYS[each.way].won else lost)[each.way] += 1
    assert set(WAYS) - {"desk, walk-in"} <= set(won), won
    assert set(WAYS) - {"link, an offer", "desk, walk-in"} <= set(lost), (
        lost
    )  # two taps on one offer are one visit


def _shows_other_times(lost: Answer) -> None:
    if lost.way.startswith("api"):
        assert "alternatives" in lost.response.json()["params"], lost.response.text
    else:
        assert WAYS[lost.way].shows in lost.response.text, (lost.way, lost.response.text[-2000:])


def _every_visit_has_its_rooms() -> None:
    visits = Appointment.objects.filter(status="scheduled", session=None).annotate(
        needs=Count("service__requirements", distinct=True)
    )
    for visit in visits:
        claims = Claim.objects.filter(appointment=visit, active=True)
        assert claims.filter(resource__doctor=visit.doctor_id).count() == 1
        assert claims.filter(resource__doctor=None).count() == visit.needs == 2


def test_negative_control_a_deadlock_is_seen(network: NetworkRef) -> None:
    """Were this to fail, the count above would prove nothing."""
    before = count_deadlocks()
    rows = list(Resource.objects.filter(doctor__in=[make_bookable().doctor.pk, make_bookable().doctor.pk]))
    met = Barrier(2)

    def lock(first: Resource, second: Resource) -> bool:
        try:
            with network_context(network), transaction.atomic():
                lock_resources([first.pk])
                met.wait(timeout=10)
                lock_resources([second.pk])
        except OperationalError as error:
            return getattr(error.__cause__, "pgcode", "") == "40P01"
        finally:
            connections.close_all()
        return False

    with ThreadPoolExecutor(max_workers=2) as pool:
        ended = list(pool.map(lock, rows, reversed(rows)))
    assert sorted(ended) == [False, True]
    assert count_deadlocks() == before + 1
