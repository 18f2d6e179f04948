"""Limits hold under parallel requests, and two hundred equal requests book once."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections
from django.test import RequestFactory
from pytest_django.fixtures import Settings

from saas.core.proxies import client_address
from saas.networks.context import NetworkRef, network_context
from tenants.booking.models import Appointment
from tests.factories import make_bookable
from tests.tenants.api.asking import Caller, NetworkClient, wish


@pytest.mark.django_db
def test_too_many_requests_are_told_how_long_to_wait(network: NetworkRef, settings: Settings) -> None:
    settings.API_LIMITS = {**settings.API_LIMITS, "read": (2, 60)}
    client = NetworkClient(network)
    assert [client.get("/api/v1/clinics/").status_code for _ in range(3)] == [200, 200, 429]
    answer = client.get("/api/v1/clinics/")
    assert answer.json()["code"] == "too_many_requests"
    assert 0 < int(answer.headers["Retry-After"]) <= 60


@pytest.mark.django_db
def test_limits_are_counted_per_network(
    twin_networks: tuple[NetworkRef, NetworkRef], settings: Settings
) -> None:
    settings.API_LIMITS = {**settings.API_LIMITS, "read": (1, 60)}
    for ref in twin_networks:
        assert Caller(ref).get("clinics/")[0] == 200


@pytest.mark.parametrize(
    ("trusted", "forwarded", "address"),
    [
        (0, "9.9.9.9", "127.0.0.1"),
        (1, "9.9.9.9, 8.8.8.8", "8.8.8.8"),
        (2, "6.6.6.6, 9.9.9.9, 8.8.8.8", "9.9.9.9"),
        (2, "9.9.9.9", "127.0.0.1"),
        (1, "", "127.0.0.1"),
    ],
)
def test_a_forged_forwarding_header_does_not_move_limits(
    settings: Settings, trusted: int, forwarded: str, address: str
) -> None:
    settings.TRUSTED_PROXY_COUNT = trusted
    assert client_address(RequestFactory().get("/", headers={"x-forwarded-for": forwarded})) == address


@pytest.mark.django_db(transaction=True)
def test_two_hundred_parallel_requests_pass_exactly_the_limit(
    network: NetworkRef, settings: Settings
) -> None:
    settings.API_LIMITS = {**settings.API_LIMITS, "read": (20, 60)}

    def ask(_number: int) -> int:
        try:
            return NetworkClient(network).get("/api/v1/").status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(max_workers=40) as pool:
        statuses = Counter(pool.map(ask, range(200)))
    assert statuses == {200: 20, 429: 180}


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_fifty_equal_keys_at_once_book_once_with_one_answer(network: NetworkRef, settings: Settings) -> None:
    settings.API_LIMITS = {**settings.API_LIMITS, "book": (1000, 60)}
    body = wish(make_bookable())

    def send(_number: int) -> tuple[int, bytes]:
        try:
            answer = NetworkClient(network).post(
                "/api/v1/appointments/",
                body,
                content_type="application/json",
                headers={"idempotency-key": "same"},
            )
            return answer.status_code, answer.content
        finally:
            connections.close_all()

    with ThreadPoolExecutor(max_workers=25) as pool:
        answers = set(pool.map(send, range(50)))
    assert len(answers) == 1
    assert answers.pop()[0] == 201
    with network_context(network):
        assert Appointment.objects.count() == 1
