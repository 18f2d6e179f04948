"""Every address × every role: nothing of the twin network is ever shown, nothing is written by looking."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, connections
from django.test import Client
from pytest_django import Settings

from saas.accounts.roles import Role
from saas.networks.context import NetworkRef
from tests.fixtures.networks import NetworkClient
from tests.trust.isolation.addresses import addresses
from tests.trust.isolation.world import ROLES, World, build_world, checksums

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.django_db, pytest.mark.timeout(1500)]

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
CANARY_A, CANARY_B = "CANARYAXQ7", "CANARYBZW4"
_WRITE = re.compile(r'^\s*(INSERT INTO|UPDATE|DELETE FROM|TRUNCATE)\s+"?([a-z_]+)"?', re.IGNORECASE)

WRITTEN_BY_LOOKING = frozenset(
    {
        "django_session",  # the session itself: log-in time, messages, language
        "wagtailadmin_editingsession",  # Wagtail tells two editors of one page of each other
        "wagtailusers_userprofile",  # made when first read, always with the same values
        "wagtailimages_rendition",  # a smaller copy of a picture, made when first shown
        "wagtailcore_referenceindex",
        "account_emailconfirmation",
        "wagtailcore_pagesubscription",  # Wagtail makes an editor's row, with everything off
        "api_apitoken",  # when a token was last used
        "booking_bookingpolicy",  # the one row of rules, made when first read, with the defaults
    }
)
"""Tables that a GET may write, each with its reason."""

LEFT_OUT = ("/cms/logout/", "/accounts/logout/", "/cms/sprite/", "/cms/jsi18n/")
"""Addresses that end the session or are the same for everybody."""


@pytest.fixture
def twins(
    twin_networks: tuple[NetworkRef, NetworkRef], settings: Settings, tmp_path: Path
) -> tuple[World, World]:
    settings.MEDIA_ROOT = tmp_path
    one, other = twin_networks
    return build_world(one, CANARY_A), build_world(other, CANARY_B)


def _foreign(world: World) -> str:
    return CANARY_B if world.canary == CANARY_A else CANARY_A


def _client(world: World, who: str) -> NetworkClient:
    client = NetworkClient(world.ref, raise_request_exception=False)
    if who in ROLES:
        client.force_login(world.users[who], BACKEND)
    elif who == "token":
        client.defaults["HTTP_AUTHORIZATION"] = f"Bearer {world.token}"
    return client


def _text(response: Any) -> str:
    body = b"".join(response.streaming_content) if response.streaming else response.content
    return f"{response.headers}{body.decode('utf-8', 'replace')}"


class _Writes:
    """Notes which tables statements write, while it is entered."""

    def __init__(self) -> None:
        self.tables: set[str] = set()

    def __call__(self, execute: Callable[..., object], sql: object, *rest: object) -> object:
        found = _WRITE.match(str(sql))
        if found:
            self.tables.add(found[2].lower())
        return execute(sql, *rest)


def test_worlds_are_twins(twins: tuple[World, World]) -> None:
    one, other = twins
    assert one.planted == other.planted
    assert one.planted >= 25
    assert {role: user.pk for role, user in one.users.items()} == {
        role: user.pk for role, user in other.users.items()
    }
    assert one.users[Role.OWNER].password == other.users[Role.OWNER].password
    assert one.values["page"] == other.values["page"]
    assert one.values["document"] == other.values["document"]


@pytest.mark.parametrize("who", ["anonymous", *ROLES, "token"])
def test_no_address_shows_the_twin_or_writes_by_looking(twins: tuple[World, World], who: str) -> None:
    clients = [(world, _client(world, who)) for world in twins]
    paths = list(zip(addresses(twins[0]), addresses(twins[1]), strict=True))
    is_staff = who in (Role.OWNER, Role.MANAGER)
    problems: list[str] = []
    statuses: Counter[int] = Counter()
    own_shown = 0
    for pair in paths:
        if pair[0].startswith(LEFT_OUT):
            continue
        if pair[0].startswith("/cms/") and not is_staff and who != Role.RECEPTION and len(pair[0]) > 30:
            continue  # one refusal for the whole back office; its front pages are asked for by everybody
        for (world, client), path in zip(clients, pair, strict=True):
            writes = _Writes()
            with connection.execute_wrapper(writes):
                response = client.get(path)
            text = _text(response)
            if _foreign(world) in text:
                problems.append(f"{path} as {who}: shows the twin's canary")
            if response.status_code >= 500:
                problems.append(f"{path} as {who}: {response.status_code}")
            if writes.tables - WRITTEN_BY_LOOKING:
                problems.append(f"{path} as {who}: wrote {sorted(writes.tables - WRITTEN_BY_LOOKING)}")
            own_shown += world.canary in text
            statuses[response.status_code] += 1
    assert not problems, "\n".join(problems)
    assert own_shown >= (150 if is_staff else 10), (
        own_shown,
        statuses,
    )  # the walk does see what there is to see


def test_session_of_one_is_anonymous_in_the_other(twins: tuple[World, World]) -> None:
    one, other = twins
    thief = NetworkClient(other.ref, raise_request_exception=False)
    thief.cookies = _client(one, Role.OWNER).cookies
    anonymous = NetworkClient(other.ref, raise_request_exception=False)
    before = checksums(one.ref), checksums(other.ref)
    for path in addresses(other):
        if path.startswith(LEFT_OUT):
            continue
        with_stolen, without = thief.get(path), anonymous.get(path)
        assert with_stolen.status_code == without.status_code, path
        assert CANARY_A not in _text(with_stolen), path
        assert CANARY_A not in _text(without), path
    assert (checksums(one.ref), checksums(other.ref)) == before


@pytest.mark.parametrize("with_token", [False, True])
def test_posting_with_foreign_rights_changes_nothing(twins: tuple[World, World], *, with_token: bool) -> None:
    one, other = twins
    thief = NetworkClient(other.ref, raise_request_exception=False)
    if with_token:
        thief.defaults["HTTP_AUTHORIZATION"] = f"Bearer {one.token}"
    else:
        thief.cookies = _client(one, Role.OWNER).cookies
    before = checksums(one.ref), checksums(other.ref)
    for path in addresses(other):
        if path.startswith(("/accounts/", "/visits/", "/language/")):
            continue  # open to guests: the tests of sessions and links cover them
        for method in ("post", "put", "patch", "delete"):
            response = getattr(thief, method)(path, {"x": "1"}, content_type="application/json")
            assert response.status_code < 500, (method, path)
            assert CANARY_A not in _text(response), path
    assert (checksums(one.ref), checksums(other.ref)) == before


def test_token_of_one_is_refused_in_the_other(twins: tuple[World, World]) -> None:
    one, other = twins
    for world, status in ((one, 200), (other, 401)):
        client = NetworkClient(world.ref, HTTP_AUTHORIZATION=f"Bearer {one.token}")
        assert client.get("/api/v1/appointments/").status_code == status


def test_visit_link_of_one_is_dead_in_the_other(twins: tuple[World, World]) -> None:
    one, other = twins
    before = checksums(other.ref)
    for suffix in ("", "booked/", "cancel/", "move/", "move/check/", "visit.ics"):
        path = f"/visits/{one.values['visit']}/{suffix}"
        own = NetworkClient(one.ref).get(path)
        assert own.status_code in (200, 302, 400), path  # 400: a check that wants its fields
        for client in (NetworkClient(other.ref), _client(other, Role.OWNER)):
            for response in (client.get(path), client.post(path, {"reason": "x"})):
                assert response.status_code in (404, 405), (path, response.status_code)
                assert CANARY_A not in _text(response)
    assert checksums(other.ref) == before


def test_appointment_of_one_is_not_found_in_the_other(twins: tuple[World, World]) -> None:
    one, other = twins
    client = _client(other, "token")
    for suffix in ("", "cancel/", "reschedule/"):
        path = f"/api/v1/appointments/{one.values['public_id']}/{suffix}"
        method = client.post if suffix else client.get
        assert method(path, {}, content_type="application/json").status_code in (404, 422, 400), path


def test_media_of_one_is_not_served_by_the_other(twins: tuple[World, World]) -> None:
    one, other = twins
    path = f"/media/{one.values['media']}"
    assert CANARY_A in _text(NetworkClient(one.ref).get(path))
    for host in (other.ref.primary_host, "localhost", "nobody.localhost"):
        response = Client(HTTP_HOST=host).get(path)
        assert CANARY_A not in _text(response)


def test_platform_shows_nothing_of_a_network(twins: tuple[World, World]) -> None:
    """The public site and its pages, asked with every cookie of a network's owner."""
    client = Client(HTTP_HOST="localhost", raise_request_exception=False)
    client.cookies = _client(twins[0], Role.OWNER).cookies
    for path in ("/", "/networks/", "/console/", "/signup/", "/accounts/login/", "/pricing/"):
        text = _text(client.get(path))
        assert CANARY_A not in text
        assert CANARY_B not in text


@pytest.mark.django_db(transaction=True)
def test_threads_that_alternate_networks_never_mix(
    twin_networks: tuple[NetworkRef, NetworkRef], settings: Settings, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = tmp_path
    worlds = [
        build_world(ref, canary) for ref, canary in zip(twin_networks, (CANARY_A, CANARY_B), strict=True)
    ]
    paths = [
        "/",
        "/doctors/",
        "/doctors/the-doctor/",
        "/api/v1/doctors/",
        "/services/",
        "/cms/patients/",
        "/my/",
    ]

    def work(number: int) -> tuple[int, list[str]]:
        clients = [(world, _client(world, Role.OWNER)) for world in worlds]
        seen, mixed = 0, []
        try:
            for turn in range(40):
                world, client = clients[(turn + number) % 2]
                path = paths[turn % len(paths)]
                text = _text(client.get(path))
                seen += world.canary in text
                if _foreign(world) in text:
                    mixed.append(path)
        finally:
            connections.close_all()
        return seen, mixed

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(work, range(4)))
    assert [mixed for _seen, mixed in results] == [[], [], [], []]
    assert all(seen >= 20 for seen, _mixed in results)


def test_every_cached_key_names_its_network(twins: tuple[World, World]) -> None:
    from django_redis import get_redis_connection

    for world in twins:
        client = _client(world, Role.OWNER)
        for path in ("/", "/doctors/", "/cms/", "/api/v1/doctors/", "/cms/pages/"):
            client.get(path)
    redis = get_redis_connection("platform")
    for key in redis.scan_iter(match="*:test:*"):
        owner = key.decode().split(":", 1)[0]
        assert owner in {"platform", "public", *(world.ref.schema_name for world in twins)}, key
        for world in twins:
            value = redis.get(key) if redis.type(key) == b"string" else b""
            if owner == world.ref.schema_name:
                assert _foreign(world).encode() not in value, key
            if owner == "platform":
                assert world.canary.encode() not in value, key


def test_draft_of_a_page_can_be_seen(twins: tuple[World, World]) -> None:
    """Wagtail's preview runs the middleware once more, inside the request, and must reverse the network's addresses."""
    one, _other = twins
    page = one.values["page"]
    response = _client(one, Role.OWNER).get(f"/cms/pages/{page}/view_draft/")
    assert response.status_code == 200
    assert CANARY_A in _text(response)
