"""What an operator sees and can do, and who is kept out."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from saas import networks
from saas.accounts.actions import create_person
from saas.accounts.models import User
from saas.accounts.roles import Role
from saas.billing.models import Plan
from saas.console.words import EVENTS
from saas.networks.context import NetworkRef, network_context, public_context
from saas.networks.lifecycle import NetworkState
from saas.networks.models import HandoverGrant, Network, PlatformEvent
from tenants.audit.models import AuditEvent

LIST = "/console/networks/network/"


@pytest.fixture
def operator(public_client: Client, db: None) -> User:
    with public_context():
        user = User.objects.create_user(
            "operator@platform.example",
            "a-long-password",
            role=Role.OPERATOR,
            is_staff=True,
            is_patient=False,
        )
        public_client.force_login(user)
    return user


def _operate(network: NetworkRef, operation: str) -> str:
    return f"{LIST}{network.id}/do/{operation}/"


def test_console_sends_a_stranger_to_the_log_in_page(public_client: Client, db: None) -> None:
    response = public_client.get(LIST)
    assert response.status_code == 302
    assert response["Location"].startswith("/console/login/")
    assert public_client.get(response["Location"])["Location"].startswith("/accounts/login/?next=")


@pytest.mark.parametrize("fields", [{"role": Role.OWNER}, {"role": Role.OWNER, "is_staff": True}])
def test_console_is_closed_to_owners(public_client: Client, db: None, fields: dict[str, Any]) -> None:
    with public_context():
        public_client.force_login(
            User.objects.create_user("owner@platform.example", "a-long-password", **fields)
        )
    response = public_client.get(LIST, follow=True)
    assert response.status_code == 403


def test_console_does_not_exist_on_a_network(client_for: Callable[..., Client], network: NetworkRef) -> None:
    assert client_for(network).get("/console/").status_code == 404


def test_list_shows_state_address_and_schema(
    operator: User, public_client: Client, twin_networks: tuple[NetworkRef, NetworkRef]
) -> None:
    page = public_client.get(LIST).content.decode()
    for network in twin_networks:
        assert network.name in page
        assert network.primary_host in page


def test_list_takes_the_same_queries_for_more_networks(
    operator: User,
    public_client: Client,
    twin_networks: tuple[NetworkRef, NetworkRef],
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    with public_context():
        Network.objects.exclude(pk=twin_networks[0].id).update(name="Other")
    public_client.get(LIST)  # content types and the session are remembered
    queries = 6  # session, user, count, page of networks, their domains, choices of the plan filter
    with django_assert_num_queries(queries):
        public_client.get(f"{LIST}?q={twin_networks[0].name}")
    with public_context():
        Network.objects.update(name=twin_networks[0].name)
        for number in range(900_001, 900_003):
            Network.objects.create(
                id=number, schema_name=f"t_{number}", slug=f"more-{number}", name=twin_networks[0].name
            )
    with django_assert_num_queries(queries):
        public_client.get(f"{LIST}?q={twin_networks[0].name}")


def test_suspend_needs_a_reason_and_keeps_the_network_untouched_without_one(
    operator: User, public_client: Client, twin_networks: tuple[NetworkRef, NetworkRef]
) -> None:
    response = public_client.post(_operate(twin_networks[0], "suspend"), {"reason": ""})
    assert response.status_code == 400
    with public_context():
        assert Network.objects.get(pk=twin_networks[0].id).state == NetworkState.TRIAL


def test_suspend_by_get_only_asks(
    operator: User, public_client: Client, twin_networks: tuple[NetworkRef, NetworkRef]
) -> None:
    assert public_client.get(_operate(twin_networks[0], "suspend")).status_code == 200
    with public_context():
        assert Network.objects.get(pk=twin_networks[0].id).state == NetworkState.TRIAL


def test_suspend_and_resume_change_the_site_and_are_logged(
    operator: User,
    public_client: Client,
    client_for: Callable[..., Client],
    twin_networks: tuple[NetworkRef, NetworkRef],
) -> None:
    network = twin_networks[0]
    public_client.post(_operate(network, "suspend"), {"reason": "Unpaid for 60 days"})
    assert client_for(network).get("/").status_code == 403
    public_client.post(_operate(network, "resume"))
    assert client_for(network).get("/livez").status_code == 200
    with public_context():
        events = list(
            PlatformEvent.objects.filter(network_id=network.id)
            .order_by("id")
            .values_list("action", "actor_id")
        )
    assert events[-2:] == [("network.suspended", operator.pk), ("network.trial", operator.pk)]


def test_refused_step_explains_itself_and_keeps_the_reason(
    operator: User, public_client: Client, twin_networks: tuple[NetworkRef, NetworkRef]
) -> None:
    network = twin_networks[0]
    public_client.post(_operate(network, "suspend"), {"reason": "Unpaid for 60 days"})
    response = public_client.post(_operate(network, "suspend"), {"reason": "Once more, to be sure"})
    assert response.status_code == 409
    assert "Once more, to be sure" in response.content.decode()


def test_unknown_operation_is_not_found(
    operator: User, public_client: Client, twin_networks: tuple[NetworkRef, NetworkRef]
) -> None:
    assert public_client.post(_operate(twin_networks[0], "explode")).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/console/",
        LIST,
        "/console/networks/platformevent/",
        "/console/billing/plan/",
        "/console/accounts/user/",
    ],
)
def test_pages_open(operator: User, public_client: Client, path: str) -> None:
    assert public_client.get(path).status_code == 200


def test_card_of_a_network_offers_what_its_state_allows(
    operator: User, public_client: Client, twin_networks: tuple[NetworkRef, NetworkRef]
) -> None:
    response = public_client.get(f"{LIST}{twin_networks[0].id}/change/")
    assert response.status_code == 200, response.status_code
    page = response.content.decode()
    assert "/suspend/" in page
    assert "/resume/" not in page


def test_only_the_console_may_evaluate_scripts(
    operator: User,
    public_client: Client,
    client_for: Callable[..., Client],
    twin_networks: tuple[NetworkRef, NetworkRef],
) -> None:
    assert "unsafe-eval" in public_client.get("/console/")["Content-Security-Policy"]
    for response in (public_client.get("/livez"), client_for(twin_networks[0]).get("/livez")):
        assert "unsafe" not in response["Content-Security-Policy"]


def _locked_out(network: NetworkRef, role: Role = Role.MANAGER) -> User:
    with network_context(network):
        user = create_person(email="manager@clinic.example", role=role, password="a-long-password")
        TOTP.activate(user, generate_totp_secret())
    return user


def test_second_factor_of_staff_is_reset_with_a_reason_and_logged_on_both_sides(
    operator: User,
    public_client: Client,
    client_for: Callable[..., Client],
    twin_networks: tuple[NetworkRef, NetworkRef],
) -> None:
    one, other = twin_networks
    user, twin = _locked_out(one), _locked_out(other)
    theirs = client_for(one)
    theirs.force_login(user)
    assert theirs.get("/cms/").status_code == 200
    assert "/reset-second-factor/" in public_client.get(f"{LIST}{one.id}/change/").content.decode()
    address = _operate(one, "reset-second-factor")
    assert 'type="email"' in public_client.get(address).content.decode()
    sent = {"email": " Manager@Clinic.example", "reason": "Showed a passport in a call"}
    assert public_client.post(address, sent).status_code == 302
    assert theirs.get("/cms/").status_code == 302
    with network_context(one):
        assert not Authenticator.objects.filter(user=user).exists()
        assert not User.objects.get(pk=user.pk).has_usable_password()
        entry = AuditEvent.objects.get(action="operator.second_factor_reset")
        assert (entry.operator_id, entry.data) == (operator.pk, {"user": user.pk, "reason": sent["reason"]})
    with network_context(other):
        assert Authenticator.objects.filter(user=twin).exists()
        assert User.objects.get(pk=twin.pk).has_usable_password()
    with public_context():
        event = PlatformEvent.objects.get(action="account.second_factor_reset")
    assert (event.network_id, event.actor_id) == (one.id, operator.pk)
    assert event.data == {"user": user.pk, "removed": 1, "reason": sent["reason"]}


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"email": "manager@clinic.example", "reason": ""}, 400),
        ({"email": "not an address", "reason": "Showed a passport"}, 400),
        ({"email": "nobody@clinic.example", "reason": "Showed a passport"}, 404),
        ({"email": "patient@clinic.example", "reason": "Showed a passport"}, 404),
    ],
)
def test_second_factor_of_nobody_is_not_reset(
    operator: User,
    public_client: Client,
    twin_networks: tuple[NetworkRef, NetworkRef],
    fields: dict[str, str],
    status: int,
) -> None:
    network = twin_networks[0]
    user = _locked_out(network)
    with network_context(network):
        create_person(email="patient@clinic.example", role=Role.PATIENT, password="a-long-password")
    response = public_client.post(_operate(network, "reset-second-factor"), fields)
    assert response.status_code == status
    assert fields["email"] in response.content.decode()
    with network_context(network):
        assert Authenticator.objects.filter(user=user).exists()
    with public_context():
        assert not PlatformEvent.objects.filter(action="account.second_factor_reset").exists()


def test_second_factor_is_not_reset_by_looking(
    operator: User, public_client: Client, twin_networks: tuple[NetworkRef, NetworkRef]
) -> None:
    user = _locked_out(twin_networks[0])
    public_client.get(_operate(twin_networks[0], "reset-second-factor"), {"email": "manager@clinic.example"})
    with network_context(twin_networks[0]):
        assert Authenticator.objects.filter(user=user).exists()


def test_every_event_that_is_recorded_has_words() -> None:
    """Codes are found where they are written; those of states are made of the states."""
    source = Path(networks.__file__).parent.parent
    recorded = {
        code
        for file in source.rglob("*.py")
        for code in re.findall(r'audit\.record\(\s*"([a-z_.]+)"', file.read_text(encoding="utf-8"))
    }
    assert recorded
    recorded |= {f"network.{state}" for state in NetworkState}
    recorded |= {f"handover.{kind}_{step}" for kind in HandoverGrant.Kind for step in ("issued", "used")}
    assert recorded <= set(EVENTS)


@pytest.mark.parametrize(("language", "event"), [("en", "Network suspended"), ("ru", "Сеть приостановлена")])
def test_log_and_plans_are_in_words(
    operator: User, public_client: Client, network: NetworkRef, language: str, event: str
) -> None:
    public_client.cookies["language"] = language
    public_client.post(_operate(network, "suspend"), {"reason": "unpaid"})
    with public_context():
        name = getattr(
            Plan.objects.get(code=Network.objects.get(pk=network.id).plan_code), f"name_{language}"
        )
    for path in (LIST, f"{LIST}{network.id}/change/", f"{LIST}?plan=trial"):
        assert name in public_client.get(path).content.decode(), path
    log = public_client.get("/console/networks/platformevent/?event=network.suspended").content.decode()
    assert log.count(event) >= 2  # in the list and in its filter
    assert public_client.get("/console/networks/platformevent/?event=network.purged").status_code == 200
    assert name in public_client.get("/console/billing/plan/").content.decode()
