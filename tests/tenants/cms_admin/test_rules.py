"""Rooms, breaks, ways, limits and other rules in the back office."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from saas.accounts.roles import Role
from tenants.booking.models import (
    BookingCap,
    PolicyOverride,
    Resource,
    ResourcePool,
)
from tenants.clinics.models import TravelTime
from tenants.doctors.models import DoctorSchedule, FloatingBreak
from tests.factories import Bookable, make_clinic
from tests.tenants.cms_admin.hours import day_ahead, visit_on

pytestmark = [pytest.mark.django_db, pytest.mark.integration]


@pytest.mark.parametrize(
    "name",
    [
        "exceptions",
        "breaks",
        "ways",
        "rooms",
        "pools",
        "requirements",
        "special-rules",
        "limits",
        "waves",
    ],
)
def test_screens_are_for_managers(name: str, staff_client: Callable[[Role], Client]) -> None:
    manager, doctor = staff_client(Role.MANAGER), staff_client(Role.DOCTOR)

    assert manager.get(f"/cms/{name}/").status_code == 200
    assert manager.get(f"/cms/{name}/results/?q=a").status_code == 200
    assert manager.get(f"/cms/{name}/new/").status_code == 200
    assert doctor.get(f"/cms/{name}/new/").status_code == 302


def test_clinic_gets_a_calendar_of_holidays(owner: Client, ready: Bookable) -> None:
    clinic = {
        "name": "Clinic",
        "slug": ready.clinic.slug,
        "address": "Street",
        "phone": "+79161234567",
        "time_zone": "Europe/Moscow",
        "is_active": "on",
        "holiday_country": "DE",
        "holiday_region": "be",
    }

    response = owner.post(f"/cms/clinics/edit/{ready.clinic.pk}/", clinic)

    assert response.status_code == 302, response.context["form"].errors
    ready.clinic.refresh_from_db()
    assert ready.clinic.holiday_calendar == "DE-BE"
    wrong = owner.post(f"/cms/clinics/edit/{ready.clinic.pk}/", {**clinic, "holiday_region": "XX"})
    assert "holiday_region" in wrong.context["form"].errors


def test_breaks_ways_rooms_pools_rules_and_waves_are_written(owner: Client, ready: Bookable) -> None:
    other = make_clinic()
    pair = {"from_clinic": ready.clinic.pk, "to_clinic": other.pk, "minutes": 40}
    assert owner.post("/cms/ways/new/", pair).status_code == 302
    back = {**pair, "from_clinic": other.pk, "to_clinic": ready.clinic.pk}
    assert "to_clinic" in owner.post("/cms/ways/new/", back).context["form"].errors
    assert (
        "to_clinic"
        in owner.post("/cms/ways/new/", {**pair, "to_clinic": ready.clinic.pk}).context["form"].errors
    )
    assert TravelTime.objects.count() == 1
    lunch = {
        "doctor": ready.doctor.pk,
        "minutes": 30,
        "earliest": "12:00",
        "latest": "15:00",
        "is_active": "on",
    }
    assert owner.post("/cms/breaks/new/", lunch).status_code == 302
    assert "minutes" in owner.post("/cms/breaks/new/", {**lunch, "latest": "12:20"}).context["form"].errors
    assert "latest" in owner.post("/cms/breaks/new/", {**lunch, "latest": "11:00"}).context["form"].errors
    assert FloatingBreak.objects.count() == 1
    room = {"kind": "room", "name": "Room 1", "clinic": ready.clinic.pk, "is_active": "on"}
    assert owner.post("/cms/rooms/new/", room).status_code == 302
    assert "kind" in owner.post("/cms/rooms/new/", {**room, "kind": "doctor"}).context["form"].errors
    made = Resource.objects.get(kind="room")
    assert owner.post("/cms/pools/new/", {"name": "Rooms", "resources": [made.pk]}).status_code == 302
    pool = ResourcePool.objects.get()
    needs = {"service": ready.service.pk, "pool": pool.pk, "setup_minutes": 5, "cleanup_minutes": 10}
    assert owner.post("/cms/requirements/new/", needs).status_code == 302
    assert owner.post("/cms/special-rules/new/", {}).context["form"].errors
    assert owner.post("/cms/special-rules/new/", {"channel": "api"}).context["form"].errors
    assert owner.post("/cms/special-rules/new/", {"channel": "api", "horizon_days": 7}).status_code == 302
    assert PolicyOverride.objects.get().horizon_days == 7
    assert owner.post("/cms/waves/new/", {"days_ahead": 14, "percent": 60}).status_code == 302
    for name in ("rooms", "pools", "requirements", "special-rules", "limits", "waves", "breaks", "ways"):
        assert owner.get(f"/cms/{name}/").status_code == 200


def test_limit_below_what_is_booked_has_to_be_meant(owner: Client, ready: Bookable) -> None:
    visit_on(ready, day_ahead(5))
    visit_on(ready, day_ahead(5), hour=8)
    fields = {"most": 1, "period": "day", "doctor": ready.doctor.pk, "is_active": "on"}

    refused = owner.post("/cms/limits/new/", fields)

    assert "already 2 visits are booked" in refused.content.decode()
    assert BookingCap.objects.count() == 0
    assert owner.post("/cms/limits/new/", {**fields, "period": "week"}).status_code == 200
    assert owner.post("/cms/limits/new/", {**fields, "most": 2}).status_code == 302
    assert owner.post("/cms/limits/new/", {**fields, "only_new": "on"}).status_code == 302


def test_first_screen_says_whose_hours_run_out(owner: Client, ready: Bookable) -> None:
    assert "Needs attention" not in owner.get("/cms/").content.decode()

    DoctorSchedule.objects.update(valid_until=day_ahead(5))

    page = owner.get("/cms/").content.decode()
    assert "Needs attention" in page
    assert str(ready.doctor) in page
