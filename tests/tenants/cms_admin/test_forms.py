"""What the back office's forms write, refuse and record."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from wagtail.models import ModelLogEntry

from saas.accounts.models import User
from saas.accounts.roles import Role
from tenants.booking.models import BookingPolicy
from tenants.clinics.models import Clinic
from tenants.clinics.selectors import organisation
from tenants.doctors.models import Doctor, DoctorSchedule
from tenants.services.models import ServiceCategory
from tests.factories import (
    Bookable,
    make_bookable,
    make_category,
    make_clinic,
    make_doctor,
    make_hours,
    make_service,
    make_specialization,
    make_user,
)

pytestmark = [pytest.mark.django_db, pytest.mark.integration]


@pytest.fixture
def owner(staff_client: Callable[[Role], Client]) -> Client:
    client = staff_client(Role.OWNER)
    client.cookies["language"] = "en"
    return client


def clinic_fields(**fields: Any) -> dict[str, Any]:
    return {
        "name": "Лесная",
        "slug": "",
        "is_active": "on",
        "address": "Street 1",
        "time_zone": "Asia/Yekaterinburg",
        "phone": "8 (916) 123-45-67",
        "hours_0": "8:00-13:00, 14.00–20:00",
        "latitude": "55.5",
        "longitude": "37.5",
        **fields,
    }


def test_clinic_is_created_with_hours_coordinates_phone_address_and_history(owner: Client) -> None:
    response = owner.post("/cms/clinics/new/", clinic_fields())

    assert response.status_code == 302, response.context["form"].errors
    clinic = Clinic.objects.get()
    assert clinic.slug == "lesnaya"
    assert clinic.phone == "+79161234567"
    assert clinic.working_hours == {"0": [["08:00", "13:00"], ["14:00", "20:00"]]}
    assert clinic.coordinates == {"lat": 55.5, "lon": 37.5}
    assert [entry.action for entry in ModelLogEntry.objects.all()] == ["wagtail.create"]
    assert owner.get(f"/cms/clinics/history/{clinic.pk}/").status_code == 200


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("hours_0", "8-13"),
        ("hours_0", "13:00-8:00"),
        ("hours_0", "8:00-13:00, 12:00-14:00"),
        ("phone", "12"),
        ("time_zone", "Moscow"),
    ],
)
def test_clinic_with_a_wrong_field_is_refused_and_what_was_typed_stays(
    owner: Client, field: str, value: str
) -> None:
    response = owner.post("/cms/clinics/new/", clinic_fields(**{field: value}))

    assert response.status_code == 200
    assert field in response.context["form"].errors
    assert response.context["form"].data["address"] == "Street 1"
    assert Clinic.objects.count() == 0


def test_clinic_in_use_cannot_be_deleted(owner: Client) -> None:
    ready = make_bookable()

    response = owner.post(f"/cms/clinics/delete/{ready.clinic.pk}/", follow=True)

    assert response.status_code == 200
    assert Clinic.objects.filter(pk=ready.clinic.pk).exists()


def test_doctor_is_created_with_a_person_and_the_main_choices_first(owner: Client) -> None:
    first, main = make_specialization(), make_specialization()
    clinic = make_clinic()
    service = make_service(clinics=[clinic])
    fields = {
        "last_name": "Белова",
        "first_name": "Анна",
        "middle_name": "",
        "slug": "",
        "is_active": "on",
        "specializations": [first.pk, main.pk],
        "main_specialization": main.pk,
        "clinics": [clinic.pk],
        "services": [service.pk],
        "consultation_price": "2500",
        "experience_years": "12",
        "certificates": "One\nTwo\n",
        "languages": "",
    }

    response = owner.post("/cms/doctors/new/", fields)

    assert response.status_code == 302, response.context["form"].errors
    doctor = Doctor.objects.get()
    assert doctor.user.get_full_name() == "Анна Белова"
    assert doctor.slug == "belova-anna"
    assert doctor.specialization == main
    assert doctor.certificates == ["One", "Two"]
    assert list(doctor.services.all()) == [service]
    edited = owner.post(
        f"/cms/doctors/edit/{doctor.pk}/", {**fields, "last_name": "Новая", "slug": "belova-anna"}
    )
    assert edited.status_code == 302
    doctor.user.refresh_from_db()
    assert doctor.user.last_name == "Новая"
    assert owner.get(f"/cms/doctors/edit/{doctor.pk}/").status_code == 200
    assert owner.get(f"/cms/doctors/inspect/{doctor.pk}/").status_code == 200


def test_overlapping_hours_are_refused_in_words(owner: Client) -> None:
    clinic = make_clinic()
    doctor = make_doctor(clinics=[clinic])
    make_hours(doctor=doctor, clinic=clinic, days=[0], windows=[("09:00", "13:00")])
    fields = {
        "doctor": doctor.pk,
        "clinic": clinic.pk,
        "day_of_week": 0,
        "start_time": "12:00",
        "end_time": "15:00",
        "is_active": "on",
    }

    refused = owner.post("/cms/hours/new/", fields)
    accepted = owner.post("/cms/hours/new/", {**fields, "start_time": "13:00"})

    assert "These hours overlap with others of this doctor: Monday 09:00–13:00" in refused.content.decode()
    assert accepted.status_code == 302
    assert DoctorSchedule.objects.count() == 2


def test_category_cycle_is_refused(owner: Client) -> None:
    top = make_category(name="Top")
    low = make_category(name="Low", parent=top)

    response = owner.post(
        f"/cms/categories/edit/{top.pk}/", {"name": "Top", "slug": top.slug, "parent": low.pk, "order": 0}
    )

    assert "parent" in response.context["form"].errors
    assert ServiceCategory.objects.get(pk=top.pk).parent is None
    assert "— Low" in owner.get("/cms/categories/").content.decode()


def test_override_without_price_and_length_is_refused(owner: Client) -> None:
    service = make_service()

    response = owner.post("/cms/special-prices/new/", {"service": service.pk})

    assert response.status_code == 200
    assert response.context["form"].errors


def test_profile_and_booking_rules_are_saved(owner: Client) -> None:
    profile = owner.post(
        "/cms/network-profile/edit/1/",
        {
            "name": "New",
            "language": "ru",
            "country": "ru",
            "currency": "RUB",
            "brand_colour": "#112233",
            "phone": "",
        },
    )
    rules = owner.post(
        "/cms/booking-rules/edit/1/",
        {
            "minimum_notice_minutes": 30,
            "horizon_days": 20,
            "cancellation_cutoff_minutes": 60,
            "slot_step_minutes": 15,
        },
    )

    assert profile.status_code == 302, profile.context["form"].errors
    assert (organisation().name, organisation().country) == ("New", "RU")
    assert rules.status_code == 302, rules.context["form"].errors
    assert BookingPolicy.objects.get().horizon_days == 20


def staff_fields(**fields: Any) -> dict[str, Any]:
    return {
        "email": "New@Example.com",
        "first_name": "N",
        "last_name": "P",
        "role": "reception",
        "is_active": "on",
        **fields,
    }


def test_staff_member_is_added_with_role_and_group(owner: Client) -> None:
    response = owner.post("/cms/users/new/", staff_fields())

    assert response.status_code == 302, response.context["form"].errors
    person = User.objects.get(email="new@example.com")
    assert (person.role, person.is_superuser, person.has_usable_password()) == (Role.RECEPTION, False, False)
    assert [group.name for group in person.groups.all()] == ["reception"]


def test_changing_a_role_moves_the_group(owner: Client) -> None:
    person = make_user(role=Role.RECEPTION, email="r@example.com")

    response = owner.post(
        f"/cms/users/edit/{person.pk}/", staff_fields(email="r@example.com", role="manager")
    )

    assert response.status_code == 302
    assert [group.name for group in User.objects.get(pk=person.pk).groups.all()] == ["manager"]


@pytest.mark.parametrize("field", ["role", "email"])
def test_manager_cannot_make_or_touch_owners(staff_client: Callable[[Role], Client], field: str) -> None:
    client = staff_client(Role.MANAGER)
    boss = make_user(role=Role.OWNER, email="boss@example.com")
    clerk = make_user(role=Role.RECEPTION, email="clerk@example.com")
    target, data = (
        (clerk, staff_fields(email="clerk@example.com", role="owner"))
        if field == "role"
        else (boss, staff_fields(email="mine@example.com", role="owner"))
    )

    response = client.post(f"/cms/users/edit/{target.pk}/", data)

    assert response.status_code == 200
    target.refresh_from_db()
    assert (target.email, target.role) in {("boss@example.com", "owner"), ("clerk@example.com", "reception")}


@pytest.mark.parametrize("action", ["assign_role", "set_active_state", "delete"])
def test_wagtails_bulk_actions_change_nobody(staff_client: Callable[[Role], Client], action: str) -> None:
    client = staff_client(Role.MANAGER)
    clerk = make_user(role=Role.RECEPTION)
    group = Group.objects.get(name="owner")

    client.post(
        f"/cms/bulk/accounts/user/{action}/?id={clerk.pk}", {"role": group.pk, "mark_as_active": "False"}
    )

    clerk.refresh_from_db()
    assert clerk.is_active
    assert [row.name for row in clerk.groups.all()] == ["reception"]


def test_patients_are_not_among_the_staff(owner: Client) -> None:
    patient = make_user(role=Role.PATIENT, email="someone@example.com")

    assert "someone@example.com" not in owner.get("/cms/users/").content.decode()
    assert owner.get(f"/cms/users/edit/{patient.pk}/").status_code == 404


def test_a_doctors_card_is_given_to_a_staff_account_without_one(owner: Client, ready: Bookable) -> None:
    account, reception = make_user(role=Role.DOCTOR), make_user(role=Role.RECEPTION)
    page = owner.get(f"/cms/doctors/edit/{ready.doctor.pk}/")
    offered = {user.pk for user in page.context["form"].fields["account"].queryset}
    assert offered == {account.pk, ready.doctor.user_id}
    fields = {
        "last_name": "Белова",
        "first_name": "Анна",
        "slug": ready.doctor.slug,
        "is_active": "on",
        "specializations": [ready.doctor.specializations.get().pk],
        "clinics": [ready.clinic.pk],
        "consultation_price": "2500",
        "experience_years": "12",
        "certificates": "",
        "languages": "",
    }

    refused = owner.post(f"/cms/doctors/edit/{ready.doctor.pk}/", {**fields, "account": reception.pk})
    done = owner.post(f"/cms/doctors/edit/{ready.doctor.pk}/", {**fields, "account": account.pk})

    assert "account" in refused.context["form"].errors
    assert done.status_code == 302, done.context["form"].errors
    assert Doctor.objects.get().user == account
