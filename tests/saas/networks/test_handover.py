"""The owner's one-time way from the public site into a network, and an operator's visit."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.db import connections
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from saas.accounts.actions import create_person
from saas.accounts.models import User
from saas.accounts.roles import Role
from saas.core.errors import Refused
from saas.networks.actions import change_state
from saas.networks.context import NetworkRef, network_context, public_context
from saas.networks.errors import BadLink, ExpiredLink
from saas.networks.handover import (
    NetworkNotServing,
    forget_old_grants,
    issue_handover,
    redeem_handover,
    safe_next_path,
)
from saas.networks.models import HandoverGrant, PlatformEvent
from saas.networks.visits import UNTIL_KEY
from tenants.audit.models import AuditEvent
from tests.fixtures.networks import ClientFor, NetworkClient, NetworkFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def _grant(ref: NetworkRef, *, email: str = "owner@first.example", **kwargs: Any) -> str:
    values = {"kind": "owner", "user_id": 7, "next_path": "/desk/", **kwargs}
    url = issue_handover(network_id=ref.id, email=email, **values)
    found = re.search(r"/handover/([^/]+)/$", url)
    assert found is not None, url
    return found[1]


def _public_user(email: str, role: Role = Role.OWNER) -> User:
    with public_context():
        user = create_person(email=email, role=role, password="a-long-password-7")
        user.is_staff = role == Role.OPERATOR
        user.save()
        EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    return user


def _visitor(ref: NetworkRef, client_for: ClientFor) -> NetworkClient:
    """A client that visits as an operator."""
    client = client_for(ref)
    token = _grant(ref, kind="operator", user_id=42, reason="ticket 17: wrong prices")
    client.post(f"/handover/{token}/")
    return client


def test_owner_goes_from_the_list_to_the_desk(
    network: NetworkRef, client_for: ClientFor, public_client: Client
) -> None:
    user = _public_user("owner@first.example")
    with public_context():
        public_client.force_login(user, "allauth.account.auth_backends.AuthenticationBackend")
    page = public_client.get("/networks/")
    assert page.status_code == 200
    assert network.name in page.content.decode()
    answer = public_client.post(f"/networks/{network.id}/open/")
    assert answer.status_code == 302
    assert answer["Location"].startswith(f"http://{network.primary_host}/handover/")
    path = answer["Location"].removeprefix(f"http://{network.primary_host}")
    client = client_for(network)
    asked = client.get(path)
    assert asked.status_code == 200
    assert asked["Referrer-Policy"] == "same-origin"
    assert "no-store" in asked["Cache-Control"]
    before = client.session.session_key
    entered = client.post(path)
    assert entered.status_code == 302, entered.content
    assert entered["Location"] == "/desk/"
    assert client.session.session_key != before
    owner = User.objects.get(pk=client.session["_auth_user_id"])
    assert owner.email == "owner@first.example"
    event = AuditEvent.objects.get(action="owner.handed_over")
    assert (event.actor_id, event.operator_id) == (owner.pk, None)


def test_list_lets_its_forms_end_on_the_networks_hosts_of_today(
    network: NetworkRef, public_client: Client, settings: Settings
) -> None:
    with public_context():
        public_client.force_login(_public_user("owner@first.example"))
    for host, port in (("localhost", 8123), ("localhost", 8124)):
        settings.PLATFORM_HOST, settings.PLATFORM_PORT = host, port
        page = public_client.get("/networks/")
        policy = page["Content-Security-Policy"]
        assert re.search(rf"form-action [^;]*http://\*\.{host}:{port}(;| |$)", policy), policy
        opened = public_client.post(f"/networks/{network.id}/open/")
        assert opened["Location"].startswith(f"http://{network.primary_host}:{port}/")


def test_somebody_elses_network_is_not_found(network: NetworkRef, public_client: Client) -> None:
    user = _public_user("stranger@example.org")
    with public_context():
        public_client.force_login(user, "allauth.account.auth_backends.AuthenticationBackend")
    assert network.name not in public_client.get("/networks/").content.decode()
    answer = public_client.post(f"/networks/{network.id}/open/")
    assert answer.status_code == 404
    with public_context():
        assert not HandoverGrant.objects.exists()


def test_list_takes_the_same_queries_for_one_and_three_networks(
    network_factory: NetworkFactory, public_client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    user = _public_user("many@example.org")
    counts = []
    for slugs in (["one-net"], ["two-net", "three-net"]):
        for slug in slugs:
            network_factory(slug, owner_email="many@example.org")
        with public_context():
            public_client.force_login(user, "allauth.account.auth_backends.AuthenticationBackend")
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        with CaptureQueriesContext(connection) as queries:
            assert public_client.get("/networks/").status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_token_works_once(network: NetworkRef) -> None:
    token = _grant(network)
    redeem_handover(token)
    with pytest.raises(ExpiredLink):
        redeem_handover(token)


def test_get_does_not_use_the_token_up(network: NetworkRef, client_for: ClientFor) -> None:
    token = _grant(network)
    client_for(network).get(f"/handover/{token}/")
    client_for(network).head(f"/handover/{token}/")
    with public_context():
        assert HandoverGrant.objects.get().used_at is None
    redeem_handover(token)


def test_token_dies_after_a_minute(network: NetworkRef) -> None:
    token = _grant(network)
    with public_context():
        HandoverGrant.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    with pytest.raises(ExpiredLink):
        redeem_handover(token)


def test_token_of_a_twin_is_unknown_here(
    twin_networks: tuple[NetworkRef, NetworkRef], client_for: ClientFor
) -> None:
    one, other = twin_networks
    token = _grant(one)
    with network_context(other), pytest.raises(BadLink):
        redeem_handover(token)
    answer = client_for(other).post(f"/handover/{token}/")
    assert answer.status_code == 404
    with network_context(one):
        redeem_handover(token)


def test_token_is_stored_as_a_hash_only(network: NetworkRef) -> None:
    token = _grant(network)
    with public_context():
        stored = HandoverGrant.objects.values_list("token_hash", flat=True).get()
    assert token not in stored
    assert len(stored) == 64


def test_nobody_is_made_who_is_not_staff(network: NetworkRef, client_for: ClientFor) -> None:
    create_person(email="patient@example.org", role=Role.PATIENT)
    for email in ("patient@example.org", "unknown@example.org"):
        client = client_for(network)
        answer = client.post(f"/handover/{_grant(network, email=email)}/")
        assert answer.status_code == 404
        assert "_auth_user_id" not in client.session


def test_suspended_network_takes_nobody(network: NetworkRef) -> None:
    change_state(network_id=network.id, state="suspended", reason="test")
    with pytest.raises(NetworkNotServing):
        _grant(network)


@pytest.mark.parametrize(
    "path",
    [
        "//evil.example/", "/\\evil.example", "https://evil.example/", "/%09//evil", "javascript:alert(1)",
        "/accounts/password/change/", "", "/cms/" + "x" * 400, "http:///desk/", "///desk/",
    ],
)  # fmt: skip
def test_next_path_leads_nowhere_else(path: str) -> None:
    assert safe_next_path(path) == "/"


@pytest.mark.parametrize("path", ["/desk/", "/cms/pages/3/", "/setup/?step=2", "/my/"])
def test_next_path_of_our_own_is_kept(path: str) -> None:
    assert safe_next_path(path) == path


def test_operator_must_say_why(network: NetworkRef) -> None:
    with pytest.raises(Refused):
        _grant(network, kind="operator", reason="  ")


def test_operator_visit_is_marked_and_audited_on_both_sides(
    network: NetworkRef, client_for: ClientFor
) -> None:
    client = _visitor(network, client_for)
    assert client.session["operator_id"] == 42
    user = User.objects.get(pk=client.session["_auth_user_id"])
    assert user.role == Role.OWNER
    event = AuditEvent.objects.get(action="operator.visit_started")
    assert event.operator_id == 42
    assert event.data == {"reason": "ticket 17: wrong prices"}
    with public_context():
        actions = list(
            PlatformEvent.objects.filter(action__startswith="handover").values_list("action", flat=True)
        )
    assert sorted(actions) == ["handover.operator_issued", "handover.operator_used"]


def test_operator_visit_shows_a_banner(network: NetworkRef, client_for: ClientFor) -> None:
    page = _visitor(network, client_for).get("/accounts/logout/")
    assert "visiting as a platform operator" in page.content.decode()


def test_operator_visit_is_read_only_and_keeps_out_of_the_account(
    network: NetworkRef, client_for: ClientFor
) -> None:
    client = _visitor(network, client_for)
    assert client.post("/cms/").status_code == 403
    for path in ("/accounts/password/change/", "/accounts/email/", "/accounts/2fa/"):
        assert client.get(path).status_code == 403
    assert client.post("/accounts/logout/").status_code == 302


def test_operator_visit_ends_after_half_an_hour(network: NetworkRef, client_for: ClientFor) -> None:
    client = _visitor(network, client_for)
    until = client.session[UNTIL_KEY]
    assert datetime.fromisoformat(until) <= timezone.now() + timedelta(minutes=30)
    session = client.session
    session[UNTIL_KEY] = (timezone.now() - timedelta(seconds=1)).isoformat()
    session.save()
    answer = client.get("/cms/")
    assert answer["Location"] == "http://localhost/console/"
    assert "_auth_user_id" not in client.session


def test_operator_visit_needs_no_second_factor_of_the_owner(
    network: NetworkRef, client_for: ClientFor, settings: Settings
) -> None:
    settings.MFA_REQUIRED = True
    client = _visitor(network, client_for)
    assert client.get("/cms/").status_code == 200


def test_owner_with_a_second_factor_is_asked_for_it(network: NetworkRef, client_for: ClientFor) -> None:
    from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret

    owner = User.objects.get(email="owner@first.example")
    TOTP.activate(owner, generate_totp_secret())
    client = client_for(network)
    answer = client.post(f"/handover/{_grant(network)}/")
    assert answer["Location"].startswith("/accounts/2fa/authenticate/")
    assert "_auth_user_id" not in client.session


def test_old_grants_are_forgotten(network: NetworkRef) -> None:
    _grant(network)
    with public_context():
        HandoverGrant.objects.update(expires_at=timezone.now() - timedelta(days=2))
    assert forget_old_grants() == 1


@pytest.mark.django_db(transaction=True)
def test_of_parallel_tries_one_succeeds(network: NetworkRef) -> None:
    from concurrent.futures import ThreadPoolExecutor

    token = _grant(network, email=f"owner@{network.slug}.example")

    def attempt(_number: int) -> bool:
        try:
            with network_context(network):
                redeem_handover(token)
        except ExpiredLink:
            return False
        finally:
            connections.close_all()
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(attempt, range(16))) == 1


def test_login_page_is_where_the_list_sends_a_stranger() -> None:
    answer = Client(HTTP_HOST="localhost").get("/networks/")
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/")
