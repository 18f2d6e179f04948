"""Which hosts answer what, in every state of a network."""

from typing import NoReturn

import pytest
from django.http import HttpRequest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from saas.networks import directory
from saas.networks.actions import change_state, resume_network
from saas.networks.context import NetworkRef, public_context, schema_or_none
from saas.networks.errors import TransitionRefused
from saas.networks.hosts import normalise_host
from saas.networks.lifecycle import ALLOWED, TRANSITIONS, NetworkState
from saas.networks.models import Domain, Network, PlatformEvent
from saas.networks.tasks import network_task
from tenants.patients.models import Patient
from tests.fixtures.networks import ClientFor, NetworkFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

RAN: list[str] = []


@network_task(name="tests.lifecycle.touch")
def touch(schema_name: str) -> None:
    RAN.append(schema_name)


def _state(ref: NetworkRef, state: str) -> None:
    with public_context():
        network = Network.objects.get(pk=ref.id)
        network.state = state
        network.save()


def test_every_state_has_its_rules() -> None:
    states = set(NetworkState.values)
    assert set(ALLOWED) == states
    assert set(TRANSITIONS) == states
    assert all(targets <= states for targets in TRANSITIONS.values())


@pytest.mark.parametrize(("language", "words"), [("ru", "приостановлен"), ("en", "suspended")])
def test_suspended_network_says_so(
    network_factory: NetworkFactory, client_for: ClientFor, language: str, words: str
) -> None:
    ref = network_factory("asleep", language=language)
    change_state(network_id=ref.id, state="suspended", actor_id=1, reason="unpaid")
    for path in ("/", "/book/", "/cms/", "/accounts/login/", "/nowhere/"):
        answer = client_for(ref).get(path)
        assert answer.status_code == 403, path
        assert words in answer.content.decode(), path
        assert answer["Cache-Control"] == "no-store"


def test_suspended_network_writes_nothing(network: NetworkRef, client_for: ClientFor) -> None:
    change_state(network_id=network.id, state="suspended", reason="unpaid")
    before = Patient.objects.count()
    for path in ("/api/v1/appointments/", "/accounts/login/", "/book/", "/language/"):
        for method in ("post", "put", "patch", "delete"):
            assert getattr(client_for(network), method)(path, {"x": "1"}).status_code == 403, (method, path)
    assert Patient.objects.count() == before


def test_suspended_api_answers_in_json(network: NetworkRef, client_for: ClientFor) -> None:
    change_state(network_id=network.id, state="suspended", reason="unpaid")
    answer = client_for(network).get("/api/v1/doctors/")
    assert (answer.status_code, answer.json()["code"]) == (403, "network_suspended")


@pytest.mark.parametrize(("state", "status"), [("provisioning", 503), ("closed", 410), ("purged", 404)])
def test_other_states_have_their_status(
    network: NetworkRef, client_for: ClientFor, state: str, status: int
) -> None:
    _state(network, state)
    answer = client_for(network).get("/")
    assert answer.status_code == status
    assert answer.headers.get("Retry-After") == ("5" if status == 503 else None)


@pytest.mark.parametrize("state", ["trial", "active", "past_due"])
def test_serving_states_serve(network: NetworkRef, client_for: ClientFor, state: str) -> None:
    _state(network, state)
    assert client_for(network).get("/livez").status_code == 200


@pytest.mark.parametrize(
    ("state", "runs"), [("active", True), ("past_due", True), ("suspended", False), ("closed", False)]
)
def test_tasks_follow_the_state(network: NetworkRef, state: str, *, runs: bool) -> None:
    RAN.clear()
    _state(network, state)
    touch.delay(network.schema_name)
    assert ([network.schema_name] if runs else []) == RAN


def test_suspend_and_resume_are_recorded(network: NetworkRef, client_for: ClientFor) -> None:
    change_state(network_id=network.id, state="suspended", actor_id=5, reason="unpaid")
    resumed = resume_network(network_id=network.id, actor_id=6)
    assert resumed.state == "trial"
    assert client_for(network).get("/livez").status_code == 200
    with public_context():
        events = list(
            PlatformEvent.objects.filter(network_id=network.id, actor_id__isnull=False)
            .order_by("id")
            .values_list("action", "actor_id", "data")
        )
    assert events == [
        ("network.suspended", 5, {"from": "trial", "reason": "unpaid"}),
        ("network.trial", 6, {"from": "suspended", "reason": ""}),
    ]


def test_impossible_step_is_refused_in_words(network: NetworkRef) -> None:
    with pytest.raises(TransitionRefused) as caught:
        change_state(network_id=network.id, state="provisioning")
    assert "being prepared" in str(caught.value)


@pytest.mark.parametrize(
    "host",
    [
        "nobody.localhost",
        "a.b.localhost",
        "evil.example",
        "127.0.0.1",
        "[::1]",
        "first.localhost.evil.example",
        "localhost.",
        "",
    ],
)
def test_unknown_host_is_a_page_that_leads_home(public_schema: None, host: str) -> None:
    answer = Client(HTTP_HOST=host or "_").get("/")
    if host == "localhost.":
        assert answer.status_code == 200  # the same name, written in full
        return
    assert answer.status_code == 404
    assert 'href="http://localhost/"' in answer.content.decode()


def test_unknown_host_never_shows_the_public_site(public_schema: None) -> None:
    for path in ("/", "/signup/", "/console/", "/accounts/login/", "/networks/"):
        assert Client(HTTP_HOST="nobody.localhost").get(path).status_code == 404


def test_unknown_host_api_answers_in_json(public_schema: None) -> None:
    answer = Client(HTTP_HOST="nobody.localhost").get("/api/v1/doctors/")
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_host")


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("First.LocalHost", "first.localhost"), ("first.localhost.", "first.localhost"),
        ("first.localhost:8000", "first.localhost"), ("клиника.рф", "xn--80apfmlf5a.xn--p1ai"), ("[::1]:80", ""),
    ],
)  # fmt: skip
def test_hosts_are_compared_in_one_form(written: str, stored: str) -> None:
    if written == "клиника.рф":
        assert normalise_host(written).startswith("xn--")
        return
    assert normalise_host(written) == stored


def test_secondary_domain_leads_to_the_primary(network: NetworkRef, client_for: ClientFor) -> None:
    with public_context():
        Domain.objects.create(domain="clinic.example", tenant_id=network.id, is_primary=False)
    answer = client_for(network, HTTP_HOST="clinic.example").get("/livez?x=1")
    assert (answer.status_code, answer["Location"]) == (301, f"http://{network.primary_host}/livez?x=1")


def test_www_leads_to_the_platform_only(network: NetworkRef) -> None:
    assert Client(HTTP_HOST="www.localhost").get("/x/")["Location"] == "http://localhost/x/"
    assert Client(HTTP_HOST=f"www.{network.primary_host}").get("/").status_code == 404


def test_forwarded_host_changes_nothing(
    twin_networks: tuple[NetworkRef, NetworkRef], client_for: ClientFor
) -> None:
    one, other = twin_networks
    answer = client_for(one).get("/handover/x/", HTTP_X_FORWARDED_HOST=other.primary_host)
    assert answer.status_code == 404
    assert other.name not in answer.content.decode()


def test_schema_is_left_even_after_an_error(
    network: NetworkRef, client_for: ClientFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    from saas.networks.middleware import NetworkMiddleware

    seen = []

    def broken(request: HttpRequest) -> NoReturn:
        seen.append(schema_or_none())
        raise ZeroDivisionError

    from django.test import RequestFactory

    from saas.networks.context import no_schema

    with no_schema():
        with pytest.raises(ZeroDivisionError):
            NetworkMiddleware(broken)(RequestFactory().get("/", HTTP_HOST=network.primary_host))
        assert schema_or_none() is None
    assert seen == [network.schema_name]


def test_host_lookup_costs_nothing_once_known(
    network: NetworkRef, client_for: ClientFor, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    directory.network_for_host(network.primary_host)
    with django_assert_num_queries(0):
        directory.network_for_host(network.primary_host)
        directory.forget_all()
        found = directory.network_for_host(network.primary_host)
        assert found is not None
        assert found.id == network.id


def test_unknown_host_is_remembered_too(
    public_schema: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1):
        for _ in range(3):
            assert directory.network_for_host("scan.localhost") is None
            directory.forget_all()


def test_change_is_noticed_by_other_processes(network: NetworkRef) -> None:
    """Another process is one whose own memory is empty: it finds the new state in Redis or the database."""
    directory.network_for_host(network.primary_host)
    change_state(network_id=network.id, state="suspended", reason="x")
    directory.forget_all()
    found = directory.network_for_host(network.primary_host)
    assert found is not None
    assert found.state == "suspended"


@pytest.mark.parametrize(
    ("language", "words"), [("ru", "По этому адресу"), ("en", "No clinic lives at this address")]
)
def test_unknown_host_speaks_the_visitors_language(db: None, language: str, words: str) -> None:
    response = Client(HTTP_HOST="nobody.localhost").get("/", HTTP_ACCEPT_LANGUAGE=language)
    assert response.status_code == 404
    assert words in response.content.decode()
