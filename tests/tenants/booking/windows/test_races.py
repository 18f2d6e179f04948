"""Several connections at once: a stale doctor is built once, and a change of rules is never missed."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from saas.networks.context import NetworkRef, network_context
from tenants.booking.models import Resource, WorkWindow
from tenants.booking.windows import store
from tenants.doctors.models import DoctorSchedule
from tests.factories import Bookable, make_bookable

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.integration]

READERS = 6


def test_readers_of_a_stale_doctor_all_see_the_same_windows(network: NetworkRef) -> None:
    pk = Resource.objects.get(doctor=make_bookable().doctor).pk
    tomorrow = timezone.now().date() + dt.timedelta(days=1)
    barrier = Barrier(READERS)

    def read(_number: int) -> list[store.StoredWindow]:
        try:
            with network_context(network):
                barrier.wait(timeout=20)
                return store.windows_of([pk], first=tomorrow, last=tomorrow + dt.timedelta(days=3))[pk]
        finally:
            connection.close()

    with ThreadPoolExecutor(READERS) as pool:
        found = list(pool.map(read, range(READERS)))

    assert len(found[0]) == 3
    assert all(each == found[0] for each in found)
    assert WorkWindow.objects.count() == store.HORIZON_DAYS + store.HISTORY_DAYS


def test_hours_that_change_while_everybody_reads_end_up_stored(network: NetworkRef) -> None:
    ready: Bookable = make_bookable()
    pk = Resource.objects.get(doctor=ready.doctor).pk
    first = timezone.now().date() + dt.timedelta(days=1)
    barrier = Barrier(READERS + 1)

    def read(_number: int) -> None:
        try:
            with network_context(network):
                barrier.wait(timeout=20)
                for _ in range(5):
                    store.windows_of([pk], first=first, last=first + dt.timedelta(days=7))
        finally:
            connection.close()

    def shorten(_number: int) -> None:
        try:
            with network_context(network):
                barrier.wait(timeout=20)
                for row in DoctorSchedule.objects.filter(doctor=ready.doctor):
                    row.end_time = dt.time(12)
                    row.save()
        finally:
            connection.close()

    jobs: list[Any] = [read] * READERS + [shorten]
    with ThreadPoolExecutor(READERS + 1) as pool:
        for job in [pool.submit(job, number) for number, job in enumerate(jobs)]:
            job.result(timeout=60)

    windows = store.windows_of([pk], first=first, last=first + dt.timedelta(days=7))[pk]
    assert {window.ends_at - window.starts_at for window in windows} == {dt.timedelta(hours=3)}
