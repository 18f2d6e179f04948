"""Sessions, reset codes and CSRF tokens of one network are nothing in its twin, whose ids and hashes are equal."""

import re

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group
from django.contrib.sessions.models import Session
from django.core import mail
from django.test import Client

from saas.accounts.models import User
from saas.accounts.roles import Role
from saas.networks.context import NetworkRef, network_context, public_context
from tests.fixtures.networks import ClientFor, NetworkClient

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

EMAIL = "twin@example.org"
PASSWORD = "correct horse battery 9"
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@pytest.fixture
def twins(twin_networks: tuple[NetworkRef, NetworkRef]) -> tuple[NetworkRef, NetworkRef]:
    """The same person in both: id, e-mail and password hash are equal."""
    hashed = None
    users = []
    for ref in twin_networks:
        with network_context(ref):
            user = User(id=9001, email=EMAIL, role=Role.OWNER, is_patient=False)
            user.set_password(PASSWORD)
            hashed = hashed or user.password
            user.password = hashed
            user.save(force_insert=True)
            user.groups.set(Group.objects.filter(name=Role.OWNER.value))
            EmailAddress.objects.create(id=9001, user=user, email=EMAIL, verified=True, primary=True)
            users.append(user)
    assert users[0].get_session_auth_hash() == users[1].get_session_auth_hash()
    return twin_networks


def _with_cookies_of(client: Client, ref: NetworkRef) -> NetworkClient:
    other = NetworkClient(ref)
    other.cookies = client.cookies
    return other


def test_session_cookie_is_worth_nothing_next_door(
    twins: tuple[NetworkRef, NetworkRef], client_for: ClientFor
) -> None:
    one, other = twins
    client = client_for(one)
    with network_context(one):
        client.force_login(User.objects.get(email=EMAIL), BACKEND)
    assert client.get("/cms/").status_code == 200
    stolen = _with_cookies_of(client, other)
    assert stolen.get("/cms/").status_code == 302
    public = NetworkClient(other, HTTP_HOST="localhost")
    public.cookies = client.cookies
    assert public.get("/networks/").status_code == 302


def test_session_row_is_in_its_own_schema(
    twins: tuple[NetworkRef, NetworkRef], client_for: ClientFor
) -> None:
    one, other = twins
    client = client_for(one)
    with network_context(one):
        client.force_login(User.objects.get(email=EMAIL), BACKEND)
        key = client.session.session_key
        assert Session.objects.filter(session_key=key).exists()
    with network_context(other):
        assert not Session.objects.filter(session_key=key).exists()
    with public_context():
        assert not Session.objects.filter(session_key=key).exists()


def test_login_rotates_the_session_and_logout_kills_it(
    twins: tuple[NetworkRef, NetworkRef], client_for: ClientFor
) -> None:
    one, _other = twins
    client = client_for(one)
    with network_context(one):
        session = client.session
        session["planted"] = "by somebody"
        session.save()
    client.cookies["sessionid"] = str(session.session_key)
    answer = client.post("/accounts/login/", {"login": EMAIL, "password": PASSWORD})
    assert answer.status_code == 302
    with network_context(one):
        assert client.session.session_key != session.session_key
    kept = client.cookies["sessionid"].value
    client.post("/accounts/logout/")
    thief = client_for(one)
    thief.cookies["sessionid"] = kept
    assert thief.get("/cms/").status_code == 302


def test_disabled_user_is_out_at_the_next_request(
    twins: tuple[NetworkRef, NetworkRef], client_for: ClientFor
) -> None:
    one, _other = twins
    client = client_for(one)
    with network_context(one):
        user = User.objects.get(email=EMAIL)
        client.force_login(user, BACKEND)
        User.objects.filter(pk=user.pk).update(is_active=False)
    assert client.get("/cms/").status_code == 302


def test_password_change_ends_other_sessions(
    twins: tuple[NetworkRef, NetworkRef], client_for: ClientFor
) -> None:
    one, _other = twins
    client = client_for(one)
    with network_context(one):
        user = User.objects.get(email=EMAIL)
        client.force_login(user, BACKEND)
        user.set_password("another long password 3")
        user.save()
    assert client.get("/cms/").status_code == 302


def _reset_code(ref: NetworkRef, client: Client) -> tuple[str, str]:
    mail.outbox.clear()
    answer = client.post("/accounts/password/reset/", {"email": EMAIL})
    assert answer.status_code == 302, answer.content
    text = str(mail.outbox[0].body)
    found = re.search(r"(?m)^\s*([A-Z0-9]{4}-?[A-Z0-9]{4}|[A-Z0-9]{6,})\s*$", text)
    assert found, text
    return answer["Location"], found[1]


def test_reset_code_works_here_and_not_next_door(
    twins: tuple[NetworkRef, NetworkRef], client_for: ClientFor
) -> None:
    one, other = twins
    mine, theirs = client_for(one), client_for(other)
    path, code = _reset_code(one, mine)
    _reset_code(other, theirs)
    assert theirs.post(path, {"code": code}).status_code == 200
    answer = mine.post(path, {"code": code})
    assert answer.status_code == 302
    stolen = _with_cookies_of(mine, other)
    assert "password/reset/key" not in stolen.post(path, {"code": code})["Location"]


def test_reset_never_skips_the_second_factor(
    twins: tuple[NetworkRef, NetworkRef], client_for: ClientFor
) -> None:
    from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret

    one, _other = twins
    with network_context(one):
        TOTP.activate(User.objects.get(email=EMAIL), generate_totp_secret())
    client = client_for(one)
    path, code = _reset_code(one, client)
    answer = client.post(path, {"code": code}, follow=True)
    client.post(
        answer.redirect_chain[-1][0], {"password1": "a fresh password 42", "password2": "a fresh password 42"}
    )
    assert client.get("/cms/").status_code == 302


@pytest.mark.parametrize("known", [True, False])
def test_reset_and_login_do_not_tell_who_exists(
    twins: tuple[NetworkRef, NetworkRef], client_for: ClientFor, *, known: bool
) -> None:
    one, _other = twins
    client = client_for(one)
    email = EMAIL if known else "nobody@example.org"
    answer = client.post("/accounts/password/reset/", {"email": email})
    assert (answer.status_code, answer["Location"]) == (302, "/accounts/password/reset/confirm/")
    answer = client_for(one).post("/accounts/login/", {"login": email, "password": "wrong password 1"})
    assert answer.status_code == 200


def test_csrf_token_of_the_twin_is_refused(twins: tuple[NetworkRef, NetworkRef]) -> None:
    one, other = twins
    mine = NetworkClient(one, enforce_csrf_checks=True)
    theirs = NetworkClient(other, enforce_csrf_checks=True)
    mine.get("/accounts/login/")
    theirs.get("/accounts/login/")
    token = mine.cookies["csrftoken"].value
    answer = theirs.post(
        "/accounts/login/", {"login": EMAIL, "password": PASSWORD, "csrfmiddlewaretoken": token}
    )
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Origin": "http://second.localhost"},
        {"Origin": "null"},
    ],
)
def test_siblings_cannot_post_here(
    twins: tuple[NetworkRef, NetworkRef], client_for: ClientFor, headers: dict[str, str]
) -> None:
    one, _other = twins
    answer = client_for(one).post("/accounts/login/", {"login": EMAIL, "password": PASSWORD}, headers=headers)
    assert answer.status_code == 403


def test_own_pages_can_post_here(twins: tuple[NetworkRef, NetworkRef], client_for: ClientFor) -> None:
    one, _other = twins
    answer = client_for(one).post(
        "/accounts/login/",
        {"login": EMAIL, "password": PASSWORD},
        HTTP_ORIGIN=f"http://{one.primary_host}",
        HTTP_SEC_FETCH_SITE="same-origin",
    )
    assert answer.status_code == 302
