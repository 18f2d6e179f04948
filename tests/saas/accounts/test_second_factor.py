"""The second factor: who must have one, how it is offered, how a lost one is recovered."""

from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import Settings

from saas.accounts.actions import create_person
from saas.accounts.models import User
from saas.accounts.roles import Role
from saas.networks.context import NetworkRef, public_context
from saas.networks.models import PlatformEvent
from tests.fixtures.networks import ClientFor

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

PASSWORD = "correct horse battery 9"


def _person(role: Role, email: str = "anna@example.org") -> User:
    user = create_person(email=email, role=role, password=PASSWORD)
    EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    return user


def _log_in(client: Client, email: str = "anna@example.org", password: str = PASSWORD) -> Any:
    return client.post("/accounts/login/", {"login": email, "password": password})


@pytest.mark.parametrize("role", [Role.OWNER, Role.MANAGER, Role.RECEPTION, Role.DOCTOR])
def test_staff_get_nowhere_without_one_when_forced(
    network: NetworkRef, client_for: ClientFor, settings: Settings, role: Role
) -> None:
    settings.MFA_REQUIRED = True
    client = client_for(network)
    client.force_login(_person(role), "allauth.account.auth_backends.AuthenticationBackend")
    for path in ("/cms/", "/desk/", "/setup/", "/"):
        answer = client.get(path)
        assert (answer.status_code, answer.headers.get("Location")) == (
            302,
            "/accounts/2fa/totp/activate/",
        ), path


def test_patients_need_none(network: NetworkRef, client_for: ClientFor, settings: Settings) -> None:
    settings.MFA_REQUIRED = True
    client = client_for(network)
    client.force_login(_person(Role.PATIENT), "allauth.account.auth_backends.AuthenticationBackend")
    assert "2fa" not in client.get("/my/").headers.get("Location", "")


def test_operators_get_nowhere_without_one_when_forced(
    public_schema: None, public_client: Client, settings: Settings
) -> None:
    settings.MFA_REQUIRED = True
    user = _person(Role.OPERATOR)
    User.objects.filter(pk=user.pk).update(is_staff=True)
    public_client.force_login(user, "allauth.account.auth_backends.AuthenticationBackend")
    assert public_client.get("/console/")["Location"] == "/accounts/2fa/totp/activate/"


def test_set_up_opens_the_way(network: NetworkRef, client_for: ClientFor, settings: Settings) -> None:
    settings.MFA_REQUIRED = True
    user = _person(Role.OWNER)
    client = client_for(network)
    client.force_login(user, "allauth.account.auth_backends.AuthenticationBackend")
    TOTP.activate(user, generate_totp_secret())
    assert client.get("/cms/").status_code == 200


def test_demo_offers_it_with_a_banner(network: NetworkRef, client_for: ClientFor) -> None:
    client = client_for(network)
    user = _person(Role.OWNER)
    client.force_login(user, "allauth.account.auth_backends.AuthenticationBackend")
    assert "add a second step" in client.get("/accounts/logout/").content.decode()
    TOTP.activate(user, generate_totp_secret())
    assert "add a second step" not in client.get("/accounts/logout/").content.decode()


def test_password_alone_does_not_sign_in(network: NetworkRef, client_for: ClientFor) -> None:
    user = _person(Role.OWNER)
    TOTP.activate(user, generate_totp_secret())
    client = client_for(network)
    answer = _log_in(client)
    assert answer["Location"].startswith("/accounts/2fa/authenticate/")
    assert "_auth_user_id" not in client.session


def test_authenticator_code_signs_in_once(network: NetworkRef, client_for: ClientFor) -> None:
    user = _person(Role.OWNER)
    secret = generate_totp_secret()
    TOTP.activate(user, secret)
    code = format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))
    first, second = client_for(network), client_for(network)
    _log_in(first)
    assert first.post("/accounts/2fa/authenticate/", {"code": code}).status_code == 302
    assert first.session["_auth_user_id"] == str(user.pk)
    _log_in(second)
    assert second.post("/accounts/2fa/authenticate/", {"code": code}).status_code == 200
    assert "_auth_user_id" not in second.session


def test_recovery_code_signs_in_once(network: NetworkRef, client_for: ClientFor) -> None:
    user = _person(Role.OWNER)
    TOTP.activate(user, generate_totp_secret())
    codes = RecoveryCodes.activate(user).get_unused_codes()
    first, second = client_for(network), client_for(network)
    _log_in(first)
    assert first.post("/accounts/2fa/authenticate/", {"code": codes[0]}).status_code == 302
    assert first.session["_auth_user_id"] == str(user.pk)
    _log_in(second)
    assert second.post("/accounts/2fa/authenticate/", {"code": codes[0]}).status_code == 200
    assert second.post("/accounts/2fa/authenticate/", {"code": codes[1]}).status_code == 302


def test_operator_resets_a_lost_factor(network: NetworkRef, client_for: ClientFor) -> None:
    user = _person(Role.OWNER)
    TOTP.activate(user, generate_totp_secret())
    RecoveryCodes.activate(user)
    client = client_for(network)
    client.force_login(user, "allauth.account.auth_backends.AuthenticationBackend")
    with public_context():
        call_command(
            "reset_second_factor",
            "Anna@example.org",
            network=network.slug,
            reason="called back on the clinic's phone",
        )
        event = PlatformEvent.objects.get(action="account.second_factor_reset")
        assert event.data == {"user": user.pk, "removed": 2, "reason": "called back on the clinic's phone"}
    assert not Authenticator.objects.filter(user=user).exists()
    assert not User.objects.get(pk=user.pk).has_usable_password()
    assert client.get("/cms/").status_code == 302  # the old session ended
    assert _log_in(client_for(network)).status_code == 200  # the old password is no use


def test_reset_of_a_stranger_is_refused(network: NetworkRef) -> None:
    with public_context():
        with pytest.raises(CommandError, match="Nobody"):
            call_command("reset_second_factor", "no@example.org", network=network.slug, reason="x")
        with pytest.raises(CommandError, match="no network"):
            call_command("reset_second_factor", "no@example.org", network="nowhere", reason="x")


def test_api_says_that_a_second_factor_is_due(
    network: NetworkRef, client_for: ClientFor, settings: Settings
) -> None:
    settings.MFA_REQUIRED = True
    client = client_for(network)
    client.force_login(_person(Role.RECEPTION), "allauth.account.auth_backends.AuthenticationBackend")
    response = client.get("/api/v1/appointments/")
    assert response.status_code == 403
    assert response.json()["code"] == "second_factor_required"
