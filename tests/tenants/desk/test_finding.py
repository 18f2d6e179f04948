"""Finding patients: three keystrokes, families, only one's own for doctors, a constant number of queries."""

import datetime as dt

import pytest
from pytest_django import DjangoAssertNumQueries

from saas.accounts.roles import Role
from saas.networks.context import NetworkRef, network_context
from tenants.desk.cards.finding import age_on, find_people
from tests.factories import make_patient, make_user
from tests.fixtures.networks import ClientFor
from tests.tenants.desk.day import open_clinic, visit_at

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture
def family() -> None:
    phone = "+79161234567"
    make_patient(last_name="Хабарова", first_name="Юлия", phone=phone, birth_date=dt.date(1985, 4, 12))
    make_patient(last_name="Хабаров", first_name="Пётр", phone=phone, birth_date=dt.date(2015, 6, 1))
    make_patient(last_name="Сидоров", first_name="Максим", phone="+79990000000")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("хаб", {"Юлия", "Пётр"}),
        ("kha", {"Юлия", "Пётр"}),
        ("hab", {"Юлия", "Пётр"}),
        ("[f,", {"Юлия", "Пётр"}),
        ("julia", {"Юлия"}),
        ("юл хаб", {"Юлия"}),
        ("567", {"Юлия", "Пётр"}),
        ("89161234", {"Юлия", "Пётр"}),
        ("12.04", {"Юлия"}),
        ("01.06.2015", {"Пётр"}),
        ("max", {"Максим"}),
        ("%%%", set()),
        ("х", set()),
        ("никого", set()),
    ],
)
def test_a_few_letters_find_the_patient(
    network: NetworkRef, family: None, text: str, names: set[str]
) -> None:
    found = find_people(text, user=make_user(role=Role.RECEPTION))

    assert {each.patient.first_name for each in found} == names


def test_a_family_stands_together(network: NetworkRef, family: None) -> None:
    found = find_people("юлия", user=make_user(role=Role.RECEPTION))

    assert [each.first_name for each in found[0].family] == ["Пётр"]


def test_queries_do_not_grow(network: NetworkRef, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    reception = make_user(role=Role.RECEPTION)
    make_patient(last_name="Иванов")
    with django_assert_num_queries(3):
        assert len(find_people("iva", user=reception)) == 1
    make_patient(last_name="Иванова")
    make_patient(last_name="Ivanovsky")
    with django_assert_num_queries(3):
        assert len(find_people("ива", user=reception)) == 3


def test_a_doctor_finds_only_who_they_treat(network: NetworkRef) -> None:
    bookable = open_clinic()
    visit_at(bookable, minutes=60)
    name = bookable.patient.last_name

    assert find_people(name, user=bookable.doctor.user)
    assert not find_people(name, user=make_user(role=Role.DOCTOR))


def test_json_for_the_calendar_and_nothing_of_the_neighbour(
    twin_networks: tuple[NetworkRef, NetworkRef], client_for: ClientFor
) -> None:
    one, other = twin_networks
    with network_context(one):
        make_patient(last_name="Тайнов", first_name="Один")
        reception = make_user(role=Role.RECEPTION)
    with network_context(other):
        make_patient(last_name="Тайнов", first_name="Другой")
    client = client_for(one)
    client.force_login(reception, "allauth.account.auth_backends.AuthenticationBackend")

    answer = client.get("/desk/patients/search/", {"q": "тай", "format": "json"}).json()

    assert [each["name"] for each in answer["results"]] == ["Тайнов Один"]
    assert answer["enough"] is True


def test_age_counts_birthdays() -> None:
    assert age_on(dt.date(2000, 2, 29), dt.date(2026, 2, 28)) == 25
    assert age_on(dt.date(2000, 2, 29), dt.date(2026, 3, 1)) == 26
    assert age_on(None, dt.date(2026, 3, 1)) is None
