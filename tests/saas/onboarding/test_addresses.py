import pytest

from saas.networks.context import NetworkRef
from saas.onboarding.addresses import check_address, slug_of

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("northern-clinic", "free"),
        ("  Northern-Clinic ", "free"),
        ("", "empty"),
        ("admin", "reserved"),
        ("adm1n", "free"),
        ("l0gin", "reserved"),
        ("xn--80ak6aa92e", "lookalike"),
        ("сеverna", "lookalike"),
        ("a--b", "lookalike"),
        ("ab", "invalid"),
        ("-clinic", "invalid"),
        ("clinic-", "invalid"),
        ("my.clinic", "invalid"),
        ("a" * 41, "invalid"),
        ("12345", "invalid"),
    ],
)
def test_check_address_names_what_is_wrong(db: None, text: str, state: str) -> None:
    verdict = check_address(text)

    assert verdict.state == state
    assert bool(verdict.message) == (state != "free")


def test_check_address_of_a_network_is_taken_and_suggests_free_ones(
    twin_networks: tuple[NetworkRef, NetworkRef],
) -> None:
    verdict = check_address(twin_networks[0].slug, clinic_name="Северная клиника")

    assert verdict.state == "taken"
    assert len(verdict.suggestions) == 3
    assert all(check_address(suggestion).state == "free" for suggestion in verdict.suggestions)


def test_check_address_in_cyrillic_suggests_its_latin_spelling(db: None) -> None:
    assert check_address("Северная").suggestions[0] == "severnaya"


@pytest.mark.unit
@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("Северная клиника", "severnaya-klinika"),
        ("Щука & Ёж, Ltd.", "shchuka-ezh-ltd"),
        ("Zahnärzte Groß", "zahnaerzte-gross"),
        ("!!!", ""),
        ("x" * 90, "x" * 33),
    ],
)
def test_slug_of_transliterates(text: str, slug: str) -> None:
    assert slug_of(text) == slug
