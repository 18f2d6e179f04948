"""Every screen of the back office opens for those who may, and for nobody else."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from django.test import Client

from saas.accounts.roles import Role
from saas.networks.context import NetworkRef
from tenants.booking.models import Appointment
from tests.factories import make_bookable

pytestmark = [pytest.mark.django_db, pytest.mark.integration]

LISTINGS = (
    "clinics",
    "doctors",
    "hours",
    "specializations",
    "services",
    "categories",
    "special-prices",
    "appointments",
    "patients",
    "reviews",
    "audit-log",
    "users",
)
FORMS = (
    "clinics",
    "doctors",
    "hours",
    "specializations",
    "services",
    "categories",
    "special-prices",
    "users",
)


@pytest.mark.parametrize("name", LISTINGS)
def test_listing_opens_with_rows_and_search(name: str, staff_client: Callable[[Role], Client]) -> None:
    make_bookable()

    client = staff_client(Role.OWNER)

    assert client.get(f"/cms/{name}/").status_code == 200
    assert client.get(f"/cms/{name}/results/?q=sokolova").status_code == 200


@pytest.mark.parametrize("name", FORMS)
def test_empty_form_opens(name: str, staff_client: Callable[[Role], Client]) -> None:
    make_bookable()

    response = staff_client(Role.OWNER).get(f"/cms/{name}/new/")

    assert response.status_code == 200


@pytest.mark.parametrize("path", ["network-profile/edit/1/", "booking-rules/edit/1/"])
def test_settings_screens_open(path: str, staff_client: Callable[[Role], Client]) -> None:
    assert staff_client(Role.MANAGER).get(f"/cms/{path}").status_code == 200


@pytest.mark.parametrize("role", [Role.RECEPTION, Role.DOCTOR])
@pytest.mark.parametrize(
    "path", ["users/", "reviews/", "network-profile/edit/1/", "booking-rules/edit/1/", "audit-log/"]
)
def test_managers_screens_are_closed_to_others(
    path: str, role: Role, staff_client: Callable[[Role], Client]
) -> None:
    response = staff_client(role).get(f"/cms/{path}")

    assert response.status_code == 302
    assert response["Location"] == "/cms/"


def test_reception_sees_visits_and_patients(staff_client: Callable[[Role], Client]) -> None:
    client = staff_client(Role.RECEPTION)

    assert client.get("/cms/appointments/").status_code == 200
    assert client.get("/cms/patients/").status_code == 200


def test_doctor_may_look_at_catalogue_but_not_at_patients(staff_client: Callable[[Role], Client]) -> None:
    client = staff_client(Role.DOCTOR)

    assert client.get("/cms/doctors/").status_code == 200
    assert client.get("/cms/doctors/new/").status_code == 302
    assert client.get("/cms/patients/").status_code == 302
    assert client.get("/cms/appointments/").status_code == 302


def test_patient_and_guest_stay_outside(
    network: NetworkRef, client_for: Callable[[NetworkRef], Client], staff_client: Callable[[Role], Client]
) -> None:
    assert staff_client(Role.PATIENT).get("/cms/doctors/").status_code in {302, 403}
    response = client_for(network).get("/cms/doctors/")
    assert response.status_code == 302
    assert response["Location"] == "/cms/login/?next=/cms/doctors/"
    assert client_for(network).get(response["Location"])["Location"].startswith("/accounts/login/?next=")


def test_admin_pages_have_their_own_policy_and_others_do_not(staff_client: Callable[[Role], Client]) -> None:
    client = staff_client(Role.OWNER)

    admin = client.get("/cms/clinics/")
    other = client.get("/livez")

    assert "'unsafe-inline'" in admin["Content-Security-Policy"]
    assert "script-src 'self' 'unsafe-inline'" in admin["Content-Security-Policy"]
    assert "'unsafe-inline'" not in other["Content-Security-Policy"]


@pytest.mark.parametrize("rows", [1, 3])
def test_doctors_listing_query_count_does_not_grow(
    rows: int,
    staff_client: Callable[[Role], Client],
    django_assert_max_num_queries: Callable[[int], AbstractContextManager[object]],
) -> None:
    for _ in range(rows):
        make_bookable()
    client = staff_client(Role.OWNER)
    client.get("/cms/doctors/")  # warms content types

    with django_assert_max_num_queries(32):
        client.get("/cms/doctors/")


def test_appointments_have_no_form(staff_client: Callable[[Role], Client]) -> None:
    client = staff_client(Role.OWNER)

    assert client.get("/cms/appointments/new/").status_code == 404
    assert client.get("/cms/appointments/edit/1/").status_code == 404
    assert Appointment.objects.count() == 0
