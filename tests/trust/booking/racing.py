"""Many at once: real threads, real connections, one starting gun."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Barrier
from typing import Generic, TypeVar

from django.db import connection, connections

from saas.networks.context import NetworkRef, network_context

T = TypeVar("T")

PARALLEL = 24
"""Connections at once; the development server's limit is shared."""

OVERLAPS = """
    SELECT count(*) FROM booking_claim a JOIN booking_claim b
    ON a.id < b.id AND a.resource_id = b.resource_id AND a.span && b.span
    WHERE a.active AND b.active AND NOT a.overbook AND NOT b.overbook
"""


@dataclass(frozen=True, slots=True)
class Outcome(Generic[T]):
    """What became of one contestant."""

    value: T | None
    error: Exception | None
    seconds: float


def race(
    network: NetworkRef, jobs: Sequence[Callable[[], T]], *, parallel: int = PARALLEL
) -> list[Outcome[T]]:
    """Run all jobs inside the network, `parallel` at a time and beginning together; return their outcomes."""
    waiting: SimpleQueue[Callable[[], T]] = SimpleQueue()
    for job in jobs:
        waiting.put(job)
    threads = min(parallel, len(jobs))
    gun = Barrier(threads)

    def run() -> list[Outcome[T]]:
        outcomes: list[Outcome[T]] = []
        try:
            with network_context(network):
                connection.ensure_connection()
                gun.wait(timeout=30)
                while True:
                    try:
                        job = waiting.get_nowait()
                    except Empty:
                        return outcomes
                    outcomes.append(_timed(job))
        finally:
            connections.close_all()

    with ThreadPoolExecutor(max_workers=threads) as pool:
        return [
            outcome for future in [pool.submit(run) for _ in range(threads)] for outcome in future.result()
        ]


def count_overlaps() -> int:
    """Return how many pairs of claims of the entered network make one resource busy twice."""
    with connection.cursor() as cursor:
        cursor.execute(OVERLAPS)
        count: int = cursor.fetchone()[0]
    return count


def count_deadlocks() -> int:
    """Return how many deadlocks the database has ended so far. A backend reports its own when it goes at the latest."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        count: int = cursor.fetchone()[0]
    return count


def _timed(job: Callable[[], T]) -> Outcome[T]:
    begun = time.monotonic()
    try:
        value = job()
    except Exception as error:  # noqa: BLE001 - every outcome is examined by the test
        return Outcome(None, error, time.monotonic() - begun)
    return Outcome(value, None, time.monotonic() - begun)
