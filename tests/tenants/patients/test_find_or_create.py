from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from saas.networks.context import NetworkRef, network_context
from tenants.patients.actions import find_or_create_patient
from tenants.patients.models import Patient
from tests.factories import make_patient, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.integration]


def find(**facts: Any) -> Patient:
    return find_or_create_patient(
        **{"last_name": "Иванов", "first_name": "Пётр", "phone": "+79161234567", "region": "RU", **facts}
    )


@pytest.mark.parametrize(
    "phone",
    [
        "+79161234567",
        "89161234567",
        "8 916 123 45 67",
        "8(916)123-45-67",
        "+7 (916) 123-45-67",
        "7 916 1234567",
        "916 123-45-67",
        "9161234567",
        "8-916-123-45-67",
        "+7.916.123.45.67",
    ],
)
def test_phone_in_ten_spellings_is_the_same_person(network: object, phone: str) -> None:
    known = find()

    assert find(phone=phone) == known
    assert known.phone == "+79161234567"


def test_names_in_any_case_and_with_extra_spaces(network: object) -> None:
    known = find()

    assert find(last_name="  ИВАНОВ ", first_name="пётр") == known


def test_family_shares_a_phone(network: object) -> None:
    father = find()

    assert find(first_name="Анна") != father
    assert Patient.objects.filter(phone=father.phone).count() == 2


def test_missing_facts_are_filled_in_and_known_ones_kept(network: object) -> None:
    known = find(middle_name="Ильич")

    again = find(email="P@Example.com", birth_date=dt.date(1980, 1, 2))

    assert again == known
    assert (again.email, again.birth_date, again.middle_name) == (
        "p@example.com",
        dt.date(1980, 1, 2),
        "Ильич",
    )


@pytest.mark.parametrize(
    "other", [{"email": "b@example.com"}, {"birth_date": dt.date(2010, 1, 1)}, {"middle_name": "Павлович"}]
)
def test_contradicting_fact_makes_another_person(network: object, other: dict[str, Any]) -> None:
    known = find(email="a@example.com", birth_date=dt.date(1980, 1, 1), middle_name="Ильич")

    assert find(**other) != known
    known.refresh_from_db()
    assert known.email == "a@example.com"


def test_own_card_is_used_and_made(network: object) -> None:
    user = make_user(email="me@example.com")

    mine = find(user=user)
    child = find(user=user, first_name="Анна")

    assert mine.user == user
    assert find(user=user, phone="+79990000000") == mine
    assert child.user is None


def test_older_card_becomes_own_only_with_the_same_email(network: object) -> None:
    user, stranger = make_user(email="me@example.com"), make_user(email="evil@example.com")
    guest = find(email="me@example.com")

    assert find(user=stranger) != guest
    assert find(user=user) == guest
    guest.refresh_from_db()
    assert guest.user == user


def test_everything_wrong_is_said_at_once(network: object) -> None:
    with pytest.raises(ValidationError) as caught:
        find(last_name=" ", first_name="x" * 151, phone="12", email="nonsense")

    assert set(caught.value.error_dict) == {"last_name", "first_name", "phone", "email"}
    assert Patient.objects.count() == 0


@pytest.mark.parametrize("rows", [1, 3])
def test_query_count(
    network: object, rows: int, django_assert_num_queries: Callable[[int], AbstractContextManager[object]]
) -> None:
    for _ in range(rows):
        make_patient(phone="+79161234567", last_name="Other")
    find()

    with django_assert_num_queries(1):
        find()
    with django_assert_num_queries(2):
        find(first_name="Новый")


@pytest.mark.django_db(transaction=True)
def test_ten_bookings_at_once_make_one_card(network: NetworkRef) -> None:
    start = threading.Barrier(10)

    def book() -> None:
        try:
            with network_context(network):
                start.wait(10)
                find()
        finally:
            connection.close()

    threads = [threading.Thread(target=book) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert Patient.objects.count() == 1


def test_same_person_in_two_networks_is_two_cards(twin_networks: tuple[NetworkRef, NetworkRef]) -> None:
    one, other = twin_networks
    with network_context(one):
        find(middle_name="Canary")
    with network_context(other):
        card = find()

        assert card.middle_name == ""
        assert Patient.objects.count() == 1
