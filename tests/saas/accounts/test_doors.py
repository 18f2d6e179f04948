"""There is one log-in form on each host; every other door leads to it."""

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.contrib.auth.models import Group

from saas.accounts.actions import create_person
from saas.accounts.models import User
from saas.accounts.roles import Role
from saas.networks.context import NetworkRef
from tests.fixtures.networks import ClientFor

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

PASSWORD = "correct horse battery 9"


@pytest.fixture
def owner(network: NetworkRef) -> User:
    user = create_person(email="door@example.org", role=Role.OWNER, password=PASSWORD)
    user.groups.set(Group.objects.filter(name="owner"))
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    TOTP.activate(user, generate_totp_secret())
    return user


@pytest.mark.parametrize("path", ["/cms/login/", "/_util/login/", "/accounts/login/"])
def test_no_door_signs_in_with_the_password_alone(
    network: NetworkRef, client_for: ClientFor, owner: User, path: str
) -> None:
    client = client_for(network)
    fields = {"username": owner.email, "login": owner.email, "password": PASSWORD}
    client.post(path, fields)
    assert "_auth_user_id" not in client.session
    assert client.get("/cms/").status_code == 302


def test_other_doors_lead_to_the_one(network: NetworkRef, client_for: ClientFor) -> None:
    client = client_for(network)
    for path in ("/cms/login/", "/_util/login/"):
        assert client.get(f"{path}?next=/cms/pages/")["Location"] == "/accounts/login/?next=%2Fcms%2Fpages%2F"
        assert client.get(f"{path}?next=//evil.example/")["Location"] == "/accounts/login/"


@pytest.mark.parametrize("path", ["/cms/password_reset/", "/cms/password_reset/confirm/NzAwMQ/x-y/"])
def test_wagtails_password_reset_is_off(network: NetworkRef, client_for: ClientFor, path: str) -> None:
    assert client_for(network).get(path).status_code in (302, 404)


def test_wrong_passwords_are_limited_and_the_right_person_is_told(
    network: NetworkRef, client_for: ClientFor
) -> None:
    client = client_for(network)
    statuses = [
        client.post("/accounts/login/", {"login": "x@example.org", "password": f"wrong {n}"}).status_code
        for n in range(25)
    ]
    assert statuses[0] == 200
    last = client.post("/accounts/login/", {"login": "x@example.org", "password": "wrong"})
    assert "Too many" in last.content.decode() or last.status_code == 429


@pytest.mark.parametrize("path", ["/cms/", "/cms/doctors/", "/cms/login/", "/_util/login/"])
def test_patient_who_may_not_enter_is_told_so_and_not_sent_round(
    network: NetworkRef, client_for: ClientFor, path: str
) -> None:
    client = client_for(network)
    client.force_login(create_person(email="patient@example.org", role=Role.PATIENT, password=PASSWORD))
    assert client.get(path, follow=True).status_code == 403


@pytest.mark.parametrize(
    ("query", "target"),
    [("", "/cms/"), ("?next=/cms/doctors/", "/cms/doctors/"), ("?next=//evil.example/", "/cms/")],
)
def test_staff_who_are_signed_in_pass_the_log_in_page(
    network: NetworkRef, client_for: ClientFor, owner: User, query: str, target: str
) -> None:
    client = client_for(network)
    client.force_login(owner)
    assert client.get(f"/cms/login/{query}")["Location"] == target
