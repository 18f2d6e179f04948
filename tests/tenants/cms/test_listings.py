"""Listings: the same queries for one row and for three, filters, search, and the history of a row."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from saas.accounts.roles import Role
from tenants.clinics.models import Clinic
from tests.factories import (
    make_bookable,
    make_category,
    make_clinic,
    make_doctor,
    make_service,
    make_specialization,
    make_user,
)
from tests.fixtures.networks import NetworkClient
from tests.fixtures.staff import StaffClient
from tests.tenants.cms.rooms import ROOMS, Room, make_row

pytestmark = [pytest.mark.django_db, pytest.mark.integration]


@pytest.fixture
def client(staff_client: StaffClient) -> NetworkClient:
    return staff_client(Role.MANAGER)


def _shown(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200, address
    return response.content.decode()


def _links(client: Client, path: str, query: str, rows: dict[str, int]) -> set[str]:
    """Which of the named rows the filtered listing leads to."""
    page = _shown(client, f"/cms/{path}/results/?{query}")
    steps = ("edit", "inspect")
    return {name for name, pk in rows.items() if any(f"/cms/{path}/{step}/{pk}/" in page for step in steps)}


@pytest.mark.parametrize("query", ["", "?export=csv"])
@pytest.mark.parametrize("room", ROOMS, ids=str)
def test_listing_takes_the_same_queries_for_one_and_three_rows(
    room: Room, query: str, client: NetworkClient
) -> None:
    counts = []
    make_row(room.path)
    for _round in range(2):
        _shown(client, f"/cms/{room.path}/{query}")  # content types and settings are remembered from here on
        with CaptureQueriesContext(connection) as captured:
            _shown(client, f"/cms/{room.path}/{query}")
        counts.append(len(captured))
        make_row(room.path)
        make_row(room.path)
    assert counts[0] == counts[1]


@pytest.mark.parametrize("room", [room for room in ROOMS if "edit" in room.has], ids=str)
def test_form_takes_the_same_queries_for_one_and_three_rows(room: Room, client: NetworkClient) -> None:
    """A form offers rows of other models to choose from."""
    counts = []
    pk = make_row(room.path).pk
    for _round in range(2):
        _shown(client, room.address("edit", pk))
        with CaptureQueriesContext(connection) as captured:
            _shown(client, room.address("edit", pk))
        counts.append(len(captured))
        make_row(room.path)
        make_row(room.path)
    assert counts[0] == counts[1]


def test_clinics_by_city_and_state(client: NetworkClient) -> None:
    open_one, closed = make_clinic(city="Kazan"), make_clinic(city="Omsk", is_active=False)
    rows = {"open": open_one.pk, "closed": closed.pk}
    assert _links(client, "clinics", "is_active=true", rows) == {"open"}
    assert _links(client, "clinics", "is_active=false", rows) == {"closed"}
    assert _links(client, "clinics", "q=kaz", rows) == {"open"}
    assert _links(client, "clinics", "q=nowhere", rows) == set()


def test_doctors_by_specialization_clinic_and_state(client: NetworkClient) -> None:
    heart, skin = make_specialization(), make_specialization()
    here, there = make_clinic(), make_clinic()
    doctors = {
        "heart": make_doctor(specializations=[heart], clinics=[here]),
        "skin": make_doctor(specializations=[skin], clinics=[there], is_active=False),
    }
    rows = {name: doctor.pk for name, doctor in doctors.items()}
    assert _links(client, "doctors", f"specializations={heart.pk}", rows) == {"heart"}
    assert _links(client, "doctors", f"clinics={there.pk}", rows) == {"skin"}
    assert _links(client, "doctors", "is_active=true", rows) == {"heart"}
    last_name = doctors["skin"].user.last_name.upper()
    assert "skin" in _links(client, "doctors", f"q={last_name}", rows)


def test_services_by_category_and_doctor(client: NetworkClient) -> None:
    doctor, category = make_doctor(), make_category()
    rows = {
        "by doctor": make_service(doctors=[doctor]).pk,
        "in category": make_service(category=category).pk,
    }
    assert _links(client, "services", f"doctors={doctor.pk}", rows) == {"by doctor"}
    assert _links(client, "services", f"category={category.pk}", rows) == {"in category"}


def test_hours_by_doctor_and_weekday(client: NetworkClient) -> None:
    one, other = make_bookable(days=[0]), make_bookable(days=[4])
    rows = {"monday": one.hours[0].pk, "friday": other.hours[0].pk}
    assert _links(client, "hours", f"doctor={one.doctor.pk}", rows) == {"monday"}
    assert _links(client, "hours", "day_of_week=4", rows) == {"friday"}


def test_staff_by_role(client: NetworkClient) -> None:
    rows = {role.value: make_user(role=role).pk for role in (Role.RECEPTION, Role.DOCTOR)}
    assert _links(client, "users", "role=doctor", rows) == {"doctor"}


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("doctors", "specializations=999999"),
        ("doctors", "clinics=abc"),
        ("hours", "day_of_week=9"),
        ("appointments", "status=flown"),
        ("reviews", "rating=%00"),
        ("clinics", "ordering=password&p=999"),
        ("users", "role=operator"),
    ],
)
def test_filters_with_nonsense_are_no_error(path: str, query: str, client: NetworkClient) -> None:
    make_row(path)
    assert client.get(f"/cms/{path}/results/?{query}").status_code in {200, 404}


def test_history_tells_who_changed_what(staff_client: StaffClient) -> None:
    owner = staff_client(Role.OWNER)
    fields = {"name": "Cardiology", "slug": "cardiology", "doctor_title": "Cardiologist", "description": ""}
    icon = make_specialization().icon
    assert owner.post("/cms/specializations/new/", {**fields, "icon": icon}).status_code == 302
    page = _shown(owner, "/cms/specializations/?q=cardiology")
    pk = page.split("/cms/specializations/edit/")[1].split("/")[0]
    other = staff_client(Role.MANAGER)
    changed = {**fields, "name": "Heart and vessels", "icon": icon}
    assert other.post(f"/cms/specializations/edit/{pk}/", changed).status_code == 302

    history = _shown(owner, f"/cms/specializations/history/{pk}/")

    assert "Created" in history
    assert "Edited" in history
    for client in (owner, other):
        assert _name_in(client) in history
    assert "Created" not in _shown(owner, f"/cms/specializations/history/{make_specialization().pk}/")


def _name_in(client: NetworkClient) -> str:
    return _shown(client, "/cms/account/").split('name="name_email-last_name" value="')[1].split('"')[0]


def test_history_of_a_closed_clinic_survives_its_name(client: NetworkClient) -> None:
    clinic = make_clinic()
    Clinic.objects.filter(pk=clinic.pk).update(name="Renamed & <b>bold</b>")
    page = _shown(client, f"/cms/clinics/history/{clinic.pk}/")
    assert "<b>bold</b>" not in page
