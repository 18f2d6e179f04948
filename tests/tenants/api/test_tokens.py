"""Tokens: kept as a hash, shown once, dead when revoked, expired, or carried to another network."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.utils import timezone

from saas.accounts.roles import Role
from saas.networks.context import NetworkRef
from tenants.api.models import ApiScope, ApiToken
from tenants.api.tokens import AlreadyExpired, UnknownScope, create_token, find_token, revoke_token
from tenants.audit.actions import SYSTEM
from tenants.audit.models import AuditEvent
from tests.factories import make_user
from tests.tenants.api.asking import Caller, NetworkClient, counted, token_for

pytestmark = pytest.mark.django_db
NOW = timezone.now()


def test_only_the_hash_is_kept(network: NetworkRef) -> None:
    token, secret = create_token(name="site", scopes=[ApiScope.CATALOGUE_READ], actor=SYSTEM, now=NOW)
    row = ApiToken.objects.values().get()
    assert secret not in str(row)
    assert secret.startswith(token.prefix)
    assert secret not in str(list(AuditEvent.objects.values()))


@pytest.mark.parametrize("scopes", [[], ["everything"], [ApiScope.CATALOGUE_READ, "x"]])
def test_unknown_scopes_are_refused(network: NetworkRef, scopes: list[str]) -> None:
    with pytest.raises(UnknownScope):
        create_token(name="x", scopes=scopes, actor=SYSTEM, now=NOW)


def test_an_end_in_the_past_is_refused(network: NetworkRef) -> None:
    with pytest.raises(AlreadyExpired):
        create_token(name="x", scopes=ApiScope.values, actor=SYSTEM, now=NOW, expires_at=NOW)


def test_expired_and_revoked_tokens_are_dead(network: NetworkRef) -> None:
    token, secret = create_token(
        name="x", scopes=ApiScope.values, actor=SYSTEM, now=NOW, expires_at=NOW + dt.timedelta(days=1)
    )
    assert find_token(secret, now=NOW) == token
    assert find_token(secret, now=NOW + dt.timedelta(days=1)) is None
    revoke_token(token_id=token.pk, actor=SYSTEM, now=NOW)
    assert find_token(secret, now=NOW) is None
    status, body = Caller(network, token=secret).get("doctors/")
    assert (status, body["code"]) == (401, "invalid_token")


def test_the_day_of_use_is_noted_by_the_look_up_itself(network: NetworkRef) -> None:
    token, secret = create_token(name="x", scopes=ApiScope.values, actor=SYSTEM, now=NOW)
    for _use in range(2):
        with counted() as seen:
            found = find_token(secret, now=NOW)
        assert found == token
        assert len(seen) == 1
        token.refresh_from_db()
        assert token.last_used_on == NOW.date()
    with connection.cursor() as cursor:
        cursor.execute("SELECT xmin FROM api_apitoken")
        written = cursor.fetchall()
        find_token(secret, now=NOW)
        cursor.execute("SELECT xmin FROM api_apitoken")
        assert cursor.fetchall() == written
    find_token(secret, now=NOW + dt.timedelta(days=1))
    token.refresh_from_db()
    assert token.last_used_on == NOW.date() + dt.timedelta(days=1)


def test_a_dead_token_is_not_noted(network: NetworkRef) -> None:
    token, secret = create_token(name="x", scopes=ApiScope.values, actor=SYSTEM, now=NOW)
    revoke_token(token_id=token.pk, actor=SYSTEM, now=NOW)
    assert find_token(secret, now=NOW) is None
    token.refresh_from_db()
    assert token.last_used_on is None


@pytest.mark.parametrize(
    "header", ["Bearer", "Bearer a b", "Bearer pc_short", "Bearer \u00e9\u00e9", "bearer " + "x" * 9000]
)
def test_malformed_tokens_are_refused(network: NetworkRef, header: str) -> None:
    answer = NetworkClient(network).get("/api/v1/doctors/", headers={"authorization": header})
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="api"'


def test_a_token_of_one_network_is_dead_in_another(twin_networks: tuple[NetworkRef, NetworkRef]) -> None:
    a, b = twin_networks
    secret = token_for(a)
    token_for(b)
    assert Caller(a, token=secret).get("appointments/")[0] == 200
    assert Caller(b, token=secret).get("appointments/")[0] == 401


def test_managers_make_and_revoke_tokens_in_the_admin(network: NetworkRef) -> None:
    client = NetworkClient(network)
    client.force_login(make_user(role=Role.MANAGER))
    form = {"name": "Our website", "scopes": [ApiScope.CATALOGUE_READ], "days": "30"}
    page = client.post("/cms/api-tokens/new/", form)
    assert page.status_code == 200
    assert "no-store" in page.headers["Cache-Control"]
    token = ApiToken.objects.get()
    secret = page.context["secret"]
    assert secret in page.content.decode()
    assert find_token(secret, now=timezone.now()) == token
    listed = client.get("/cms/api-tokens/").content.decode()
    assert "Our website" in listed
    assert secret not in listed
    assert client.post(f"/cms/api-tokens/{token.pk}/revoke/").status_code == 302
    assert find_token(secret, now=timezone.now()) is None


@pytest.mark.parametrize("role", [Role.DOCTOR, Role.RECEPTION, Role.PATIENT])
def test_others_do_not_reach_the_token_pages(network: NetworkRef, role: Role) -> None:
    client = NetworkClient(network)
    client.force_login(make_user(role=role))
    assert client.get("/cms/api-tokens/").status_code in (302, 403)
    client.post("/cms/api-tokens/new/", {"name": "x", "scopes": ApiScope.values, "days": ""})
    assert not ApiToken.objects.exists()
