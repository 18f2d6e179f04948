"""What is measured without load: query counts, provisioning, a spare schema, the number of tables."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import uuid4

from django.db import connection, transaction
from django.test import Client

from infra.bench.counting import statements
from infra.bench.networks import Bookable, Site, booking_body, provision
from saas.networks.context import public_context
from saas.networks.provisioning.schemas import create_schema, drop_schema
from saas.networks.provisioning.spares import refill_spares, take_spare
from saas.networks.provisioning.template import migrate_schema

CLONES = 5
SPARES = 5


@dataclass(frozen=True, slots=True)
class Counts:
    """Statements of one request of each kind, in a process that has served the network before."""

    slots_day: int
    slots_fortnight: int
    booking: int
    doctors: int
    services: int


def count_queries(site: Site, times: Iterator[Bookable], number: int) -> Counts:
    """Count the statements of each hot address on this network; `number` makes the patient a new one."""
    client = Client(headers={"host": site.host, "x-forwarded-proto": "https"})

    def get(path: str) -> int:
        client.get(path, headers=site.headers)
        with statements() as seen:
            answer = client.get(path, headers=site.headers)
        _expect(answer.status_code, 200, answer.content)
        return len(seen)

    def book() -> int:
        used = 0
        for turn in range(2):
            body = booking_body(next(times), number + turn)
            headers = {**site.headers, "Idempotency-Key": f"count-{number + turn}"}
            with statements() as seen:
                answer = client.post(
                    "/api/v1/appointments/", body, content_type="application/json", headers=headers
                )
            _expect(answer.status_code, 201, answer.content)
            used = len(seen)
        return used

    return Counts(
        slots_day=get(site.slots_path(1)),
        slots_fortnight=get(site.slots_path(14)),
        booking=book(),
        doctors=get("/api/v1/doctors/"),
        services=get("/api/v1/services/"),
    )


def seconds_of_migrations() -> float:
    """Make one network's schema by running all migrations, as stock tenancy packages do."""
    name = "t_999999999"
    with public_context():
        create_schema(name)
    begin = time.perf_counter()
    migrate_schema(name, source_schema="public")
    taken = time.perf_counter() - begin
    with public_context(), transaction.atomic():
        drop_schema(name)
    return taken


def seconds_of_provisioning() -> float:
    """Provision networks from the template, owner and content included; return the median."""
    taken = []
    for number in range(CLONES):
        begin = time.perf_counter()
        provision(f"clone-{number}")
        taken.append(time.perf_counter() - begin)
    return statistics.median(taken)


def milliseconds_of_spare(spares: int = SPARES) -> float:
    """Take spare schemas; return the median time that their SQL took."""
    refill_spares(target=spares)
    taken = []
    for _ in range(spares):
        name = f"t_{uuid4().int % 10**12 + 10**12}"
        with statements() as seen:
            if not take_spare(name):
                raise RuntimeError("there was no spare schema to take")
        taken.append(seen.seconds * 1000)
        with public_context(), transaction.atomic():
            drop_schema(name)
    return statistics.median(taken)


def tables_of(site: Site) -> int:
    """Count the tables of a network's schema."""
    with public_context(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_catalog.pg_tables WHERE schemaname = %s", [site.ref.schema_name]
        )
        return int(cursor.fetchone()[0])


def _expect(status: int, wanted: int, content: bytes) -> None:
    if status != wanted:
        message = f"expected {wanted}, got {status}: {content[:1000].decode('utf-8', 'replace')}"
        raise RuntimeError(message)
