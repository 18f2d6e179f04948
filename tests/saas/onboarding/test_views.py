import re
from collections.abc import Callable

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from saas.accounts.models import User
from saas.accounts.roles import Role
from saas.networks.context import NetworkRef, public_context
from saas.networks.errors import ProvisioningFailed
from saas.networks.lifecycle import NetworkState
from saas.networks.models import HandoverGrant, Network
from saas.networks.signals import network_provisioned
from saas.onboarding.models import SignUp
from tests.saas.onboarding.conftest import code_in_last_letter

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]
Filled = Callable[..., dict[str, str]]


@pytest.fixture
def client(public_client: Client) -> Client:
    public_client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return public_client


def run_to_code(client: Client, form: dict[str, str]) -> str:
    response = client.post("/signup/", form)
    assert response.status_code == 302, response.content.decode()
    return response.headers["Location"]


def run_to_progress(client: Client, form: dict[str, str]) -> str:
    response = client.post(run_to_code(client, form), {"code": code_in_last_letter()})
    assert response.status_code == 302
    return response.headers["Location"]


def test_the_form_keeps_the_address_from_the_landing_and_guesses_the_place(client: Client) -> None:
    page = client.get(
        "/signup/?address=harbour&plan=clinic", HTTP_ACCEPT_LANGUAGE="de-AT,de;q=0.9"
    ).content.decode()

    assert 'value="harbour"' in page
    assert re.search(r'<option value="AT"\s+selected>', page)
    assert re.search(r'<option value="Europe/Vienna"\s+selected>', page)
    assert re.search(r'<option value="EUR"\s+selected>', page)
    assert 'name="plan" value="clinic"' in page


def test_a_sign_up_leads_from_the_form_into_the_network(client: Client, filled: Filled) -> None:
    progress = run_to_progress(client, filled())

    page = client.get(progress)
    assert "Your site is ready" in page.content.decode()
    assert "http://*.localhost" in page.headers["Content-Security-Policy"]
    response = client.post(f"{progress}enter/")
    assert response.headers["Location"].startswith("http://severnaya.localhost/handover/")
    with public_context():
        assert HandoverGrant.objects.get().next_path == "/setup/"
        assert Network.objects.get(slug="severnaya").state == NetworkState.TRIAL


def test_the_hand_over_ends_in_the_set_up(
    client: Client, filled: Filled, client_for: Callable[..., Client]
) -> None:
    url = client.post(f"{run_to_progress(client, filled())}enter/").headers["Location"]
    with public_context():
        network = Network.objects.get(slug="severnaya").ref(primary_host="severnaya.localhost")
    browser = client_for(network)
    path = url.removeprefix("http://severnaya.localhost")

    response = browser.get(path)
    if response.status_code == 200:
        response = browser.post(path)

    assert response.headers["Location"] == "/setup/"
    assert browser.get("/setup/").status_code == 200


@pytest.mark.parametrize(
    ("field", "value", "word"),
    [
        ("address", "admin", "reserved"),
        ("address", "сеvernaya", "look-alike"),
        ("address", "xn--80ak6aa92e", "look-alike"),
        ("address", "a", "3 to 40"),
        ("address", "", "required"),
        ("clinic_name", "!!!", "in letters"),
        ("email", "nobody", "valid email"),
        ("password", "short", "12 characters"),
        ("password", "password1234", "too common"),
        ("password", "owner@example.org", "too similar"),
        ("country", "XX", "valid choice"),
        ("time_zone", "Mars/Olympus", "valid choice"),
        ("currency", "DOGE", "valid choice"),
        ("language", "xx", "valid choice"),
        ("consent", "", "Please agree"),
    ],
)
def test_bad_input_is_named_and_the_rest_is_kept(
    client: Client, filled: Filled, field: str, value: str, word: str
) -> None:
    response = client.post("/signup/", filled(**{field: value}))

    page = response.content.decode()
    assert response.status_code == 422
    assert word in page
    kept = "owner@example.org" if field != "email" else "Северная клиника"
    assert kept in page
    with public_context():
        assert not SignUp.objects.exists()
    assert mail.outbox == []


def test_a_taken_address_is_refused_with_free_ones(
    client: Client, filled: Filled, twin_networks: tuple[NetworkRef, NetworkRef]
) -> None:
    page = client.post("/signup/", filled(address=twin_networks[0].slug)).content.decode()

    assert "is taken" in page
    assert "Free now:" in page


@pytest.mark.parametrize(
    ("text", "mark"),
    [("free-one", "hint-ok"), ("admin", "hint-bad"), ("Север", "hint-bad"), ("", "Latin letters")],
)
def test_the_live_check_answers_with_one_element(client: Client, text: str, mark: str) -> None:
    response = client.get("/signup/check/", {"address": text})

    body = response.content.decode().strip()
    assert mark in body
    assert body.startswith("<span")
    assert "<html" not in body


def test_the_page_after_the_form_is_the_same_for_a_known_e_mail(client: Client, filled: Filled) -> None:
    with public_context():
        User.objects.create_user("known@example.org", "x" * 12, role=Role.OWNER, is_patient=False)

    def page_for(email: str) -> str:
        text = client.get(
            run_to_code(client, filled(email=email, address=f"clinic-{email[0]}"))
        ).content.decode()
        return re.sub(r'(value|action|nonce|href)="[^"]*"', "", text.replace(email, ""))

    assert page_for("known@example.org") == page_for("new@example.org")


@pytest.mark.parametrize(
    ("code", "status", "word"), [("000", 422, "six digits"), ("abcdef", 422, "six digits")]
)
def test_a_malformed_code_costs_no_guess(
    client: Client, filled: Filled, code: str, status: int, word: str
) -> None:
    response = client.post(run_to_code(client, filled()), {"code": code})

    assert response.status_code == status
    assert word in response.content.decode()
    with public_context():
        assert SignUp.objects.get().guesses == 0


def test_a_code_with_spaces_is_read(client: Client, filled: Filled) -> None:
    path = run_to_code(client, filled())
    code = code_in_last_letter()

    assert "/signup/progress/" in client.post(path, {"code": f" {code[:3]} {code[3:]} "}).headers["Location"]


def test_wrong_old_and_too_many_codes_are_told_apart(client: Client, filled: Filled) -> None:
    path = run_to_code(client, filled())
    wrong = f"{(int(code_in_last_letter()) + 1) % 10**6:06d}"

    assert client.post(path, {"code": wrong}).status_code == 422
    with public_context():
        SignUp.objects.update(code_expires_at=timezone.now())
    assert client.post(path, {"code": wrong}).status_code == 410
    with public_context():
        SignUp.objects.update(guesses=5)
    assert client.post(path, {"code": wrong}).status_code == 429
    assert client.post(f"{path}resend/").status_code == 429


@pytest.mark.parametrize("page", ["code", "address", "progress"])
def test_a_tampered_link_is_a_friendly_404(client: Client, page: str) -> None:
    response = client.get(f"/signup/{page}/nonsense/")

    assert response.status_code == 404
    assert "Start again" in response.content.decode()


def test_an_address_taken_meanwhile_is_asked_for_again_with_everything_kept(
    client: Client, filled: Filled, network_factory: Callable[..., NetworkRef]
) -> None:
    path = run_to_code(client, filled())
    code = code_in_last_letter()
    network_factory("severnaya")

    location = client.post(path, {"code": code}).headers["Location"]
    assert "/signup/address/" in location
    page = client.get(location).content.decode()
    assert "Somebody took “severnaya”" in page
    assert client.post(location, {"address": "severnaya"}).status_code == 422
    response = client.post(location, {"address": "severnaya-msk"})

    assert "/signup/progress/" in response.headers["Location"]
    with public_context():
        network = Network.objects.get(slug="severnaya-msk")
    assert (network.name, network.plan_code) == ("Северная клиника", "clinic")


def test_a_failed_provisioning_leaves_nothing_and_can_be_tried_again(client: Client, filled: Filled) -> None:
    def break_down(**_kwargs: object) -> None:
        raise ProvisioningFailed

    network_provisioned.connect(break_down)
    try:
        progress = run_to_progress(client, filled())
        page = client.get(progress).content.decode()
    finally:
        network_provisioned.disconnect(break_down)
    assert "It did not work this time" in page
    assert "Try again" in page
    with public_context():
        assert Network.objects.get(slug="severnaya").state == NetworkState.PROVISIONING

    assert client.post(f"{progress}retry/").headers["Location"].startswith("/signup/progress/")
    assert "Your site is ready" in client.get(progress).content.decode()
    assert mail.outbox[-1].subject == "«Северная клиника»: сайт готов"


def test_another_browser_sees_the_progress_but_does_not_get_in(client: Client, filled: Filled) -> None:
    progress = run_to_progress(client, filled())
    other = Client(HTTP_HOST="localhost")

    assert f"{progress}enter/" not in other.get(progress).content.decode()
    assert other.post(f"{progress}enter/").status_code == 404
    assert other.post(f"{progress}retry/").status_code == 404


def test_the_part_that_is_polled_stops_asking_when_ready(client: Client, filled: Filled) -> None:
    progress = run_to_progress(client, filled())

    part = client.get(progress, HTTP_HX_REQUEST="true").content.decode()

    assert "<html" not in part
    assert "hx-get" not in part


def test_sign_ups_are_limited_per_address_and_per_e_mail(client: Client, filled: Filled) -> None:
    for number in range(5):
        run_to_code(client, filled(address=f"clinic-{number}"))
    response = client.post("/signup/", filled(address="clinic-6"))
    assert response.status_code == 429
    assert int(response.headers["Retry-After"]) > 0
    assert "Северная клиника" in response.content.decode()

    for number in range(14):
        run_to_code(client, filled(address=f"other-{number}", email=f"owner{number}@example.org"))
    assert client.post("/signup/", filled(email="last@example.org")).status_code == 429


def test_an_owner_who_is_signed_in_opens_a_further_network_without_a_code(
    client: Client, filled: Filled
) -> None:
    run_to_progress(client, filled())
    letters = len(mail.outbox)

    page = client.get("/signup/").content.decode()
    assert 'type="password"' not in page
    response = client.post("/signup/", filled(address="second-one"))

    assert "/signup/progress/" in response.headers["Location"]
    with public_context():
        assert set(
            Network.objects.filter(owner_email="owner@example.org").values_list("slug", flat=True)
        ) == {
            "severnaya",
            "second-one",
        }
        assert User.objects.count() == 1
    assert len(mail.outbox) == letters + 1


def test_a_double_submit_of_the_form_sends_one_letter(client: Client, filled: Filled) -> None:
    form = filled()

    for _time in range(2):
        run_to_code(client, form)

    assert len(mail.outbox) == 1


def test_well_known_files(client: Client) -> None:
    assert "Disallow: /console/" in client.get("/robots.txt").content.decode()
    text = client.get("/.well-known/security.txt").content.decode()
    assert "Contact: mailto:security@localhost" in text
    assert re.search(r"^Expires: \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$", text, re.MULTILINE)
