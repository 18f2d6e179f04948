"""Ёлкина stands between Егорова and Жукова in every list of people, services and clinics."""

from __future__ import annotations

from typing import Any

import pytest
from bs4 import BeautifulSoup

from saas.accounts.roles import Role
from saas.networks.context import NetworkRef
from tenants.clinics.models import Clinic
from tenants.cms.cards import active_doctors, clinic_cards, first_services, specializations_in_use
from tenants.desk.cards.finding import find_people
from tenants.desk.office.wishes import choices_for, wish_of
from tenants.website.catalogue import find_services, price_tree
from tests.factories import (
    make_category,
    make_clinic,
    make_doctor,
    make_hours,
    make_patient,
    make_service,
    make_specialization,
    make_user,
)
from tests.fixtures.networks import ClientFor
from tests.fixtures.staff import StaffClient

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

ORDER = ["Абаева", "Егорова", "Ёлкина", "Жукова"]
MIXED = ["Жукова", "Ёлкина", "Абаева", "Егорова"]


@pytest.fixture
def clinic(network: NetworkRef) -> Clinic:
    """A clinic, doctors, their services and fields, all of them called by the four names."""
    clinics = [make_clinic(name=name) for name in MIXED]
    category = make_category()
    for name in MIXED:
        field = make_specialization(name=name)
        doctor = make_doctor(clinics=clinics[:1], specializations=[field], last_name=name)
        make_service(doctors=[doctor], clinics=clinics[:1], name=name, category=category)
        make_hours(doctor=doctor, clinic=clinics[0])
        make_patient(last_name=name, first_name="Анна")
    return clinics[0]


def _names(rows: Any) -> list[str]:
    return [str(getattr(row, "name", None) or row.user.last_name) for row in rows]


def test_lists_of_the_site(clinic: Clinic) -> None:
    for rows in (
        active_doctors(),
        clinic_cards(),
        specializations_in_use(),
        first_services(limit=9),
        find_services(),
        price_tree()[0].services,
    ):
        assert _names(rows) == ORDER


def test_lists_of_the_api(clinic: Clinic, network: NetworkRef, client_for: ClientFor) -> None:
    for path, key in (
        ("doctors", "last_name"),
        ("services", "name"),
        ("clinics", "name"),
        ("specializations", "name"),
    ):
        body = client_for(network).get(f"/api/v1/{path}/").json()
        assert [row[key] for row in body["results"]] == ORDER, path


def test_lists_of_the_desk(clinic: Clinic) -> None:
    choices = choices_for(wish_of({}))
    for rows in (choices.doctors, choices.services, choices.clinics, choices.specializations):
        assert _names(rows) == ORDER
    found = find_people("анна", user=make_user(role=Role.RECEPTION))
    assert [each.patient.last_name for each in found] == ORDER


@pytest.mark.parametrize("path", ["doctors", "services", "clinics", "specializations", "patients"])
def test_lists_of_the_back_office(clinic: Clinic, staff_client: StaffClient, path: str) -> None:
    client = staff_client(Role.OWNER)
    page = BeautifulSoup(client.get(f"/cms/{path}/").content, "lxml")
    rows = [row.get_text(" ", strip=True) for row in page.select("table.listing tbody tr")]
    seen = [next(name for name in ORDER if name in row) for row in rows if any(name in row for name in ORDER)]
    assert seen == ORDER
