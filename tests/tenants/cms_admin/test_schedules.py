"""Hours and exceptions in the back office: patterns in words, drafts, what is refused."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from saas.accounts.roles import Role
from tenants.booking.models import (
    ScheduleException,
)
from tenants.doctors.models import DoctorSchedule
from tests.factories import Bookable, make_bookable, make_clinic
from tests.tenants.cms_admin.hours import day_ahead, exception_fields, hours_fields

pytestmark = [pytest.mark.django_db, pytest.mark.integration]


@pytest.mark.parametrize("path", ["hours/drafts/", "hours/publish/1/"])
@pytest.mark.parametrize("role", [Role.DOCTOR, Role.RECEPTION])
def test_publishing_is_for_managers(path: str, role: Role, staff_client: Callable[[Role], Client]) -> None:
    response = staff_client(role).get(f"/cms/{path}")

    assert response.status_code == 302
    assert response["Location"] == "/cms/"


def test_several_weekdays_are_made_at_once_and_previewed(owner: Client, ready: Bookable) -> None:
    response = owner.post("/cms/hours/new/", hours_fields(ready, also_on=[2, 4]))

    assert response.status_code == 302, response.context["form"].errors
    assert response["Location"] == f"/cms/hours/publish/{ready.doctor.pk}/"
    drafts = DoctorSchedule.objects.filter(state="draft")
    assert [row.day_of_week for row in drafts.order_by("day_of_week")] == [0, 2, 4]
    page = owner.get(response["Location"] + "?replace=0").content.decode()
    assert page.count("+ 18:00–20:00") == 24
    assert str(ready.doctor) in owner.get("/cms/hours/drafts/").content.decode()
    published = owner.post(response["Location"], {"replace": "0"})
    assert published.status_code == 302
    assert not DoctorSchedule.objects.filter(state="draft").exists()
    assert "no drafts" in owner.get(response["Location"]).content.decode()


def test_two_on_two_off_and_every_second_week_are_written_and_edited(owner: Client, ready: Bookable) -> None:
    cycle = hours_fields(
        ready, repeats="cycle", days_on=2, days_off=2, anchor_date="2027-01-12", day_of_week=""
    )

    response = owner.post("/cms/hours/new/", cycle)
    assert response.status_code == 302, response.context["form"].errors
    rows = list(DoctorSchedule.objects.filter(pattern="cycle").order_by("cycle_day"))
    assert [(row.cycle_days, row.cycle_day) for row in rows] == [(4, 0), (4, 1)]
    page = owner.get(f"/cms/hours/edit/{rows[1].pk}/")
    assert page.context["form"].initial["day_in_cycle"] == 2
    edited = owner.post(
        f"/cms/hours/edit/{rows[1].pk}/",
        hours_fields(ready, repeats="cycle", cycle_days=4, day_in_cycle=3, anchor_date="2027-01-12"),
    )
    assert edited.status_code == 302, edited.context["form"].errors
    rows[1].refresh_from_db()
    assert rows[1].cycle_day == 2
    biweekly = hours_fields(ready, repeats="weeks", every_weeks=2, anchor_date="2027-01-12", state="")
    weeks = owner.post("/cms/hours/new/", biweekly)
    assert weeks.status_code == 302, weeks.context["form"].errors
    assert DoctorSchedule.objects.get(every_weeks=2).anchor_date == dt.date(2027, 1, 12)
    assert "every 2 weeks" in owner.get("/cms/hours/").content.decode()


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"end_time": "18:00"}, "end_time"),
        ({"valid_from": "2027-02-01", "valid_until": "2027-01-01"}, "valid_until"),
        ({"day_of_week": ""}, "day_of_week"),
        ({"repeats": "weeks"}, "every_weeks"),
        ({"repeats": "weeks", "every_weeks": 2}, "anchor_date"),
        ({"repeats": "cycle", "anchor_date": "2027-01-12"}, "days_on"),
        ({"repeats": "cycle", "days_on": 2, "days_off": 2}, "anchor_date"),
        ({"repeats": "cycle", "days_on": 50, "days_off": 50, "anchor_date": "2027-01-12"}, "days_off"),
        ({"state": "published", "start_time": "16:00"}, "start_time"),
        ({"start_time": "20:00", "end_time": "19:00", "also_on": [1]}, ""),
        (
            {"start_time": "10:00", "end_time": "09:59", "repeats": "cycle", "days_on": 2, "days_off": 1},
            "anchor_date",
        ),
    ],
)
def test_hours_that_cannot_be_are_refused_in_words(
    owner: Client, ready: Bookable, fields: dict[str, Any], field: str
) -> None:
    before = DoctorSchedule.objects.count()

    response = owner.post("/cms/hours/new/", hours_fields(ready, **fields))

    if not field:
        assert response.status_code == 302
        return
    assert response.status_code == 200
    assert field in response.context["form"].errors
    assert DoctorSchedule.objects.count() == before


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"scope": "doctor", "doctor": ""}, "doctor"),
        ({"scope": "clinic"}, "clinic"),
        ({"scope": "resource"}, "resource"),
        ({"end_date": "2020-01-01"}, "end_date"),
        ({"kind": "add"}, "start_time"),
        ({"start_time": "09:00"}, "end_time"),
        ({"start_time": "09:00", "end_time": "09:00"}, "end_time"),
        ({"repeat": "weekly"}, "weekdays"),
        ({"repeat": "nth", "weekdays": [1]}, "nth"),
        ({"repeat": "yearly", "end_date": "2030-01-01"}, "end_date"),
    ],
)
def test_exception_that_cannot_be_is_refused_in_words(
    owner: Client, ready: Bookable, fields: dict[str, Any], field: str
) -> None:
    response = owner.post("/cms/exceptions/new/", {**exception_fields(ready, day_ahead(3)), **fields})

    assert response.status_code == 200
    assert field in response.context["form"].errors
    assert ScheduleException.objects.count() == 0


def test_extra_hours_need_a_clinic_only_when_there_are_several(owner: Client, ready: Bookable) -> None:
    fields = exception_fields(ready, day_ahead(3), kind="add", start_time="18:00", end_time="20:00")
    assert owner.post("/cms/exceptions/new/", fields).status_code == 302
    assert ScheduleException.objects.get().clinic == ready.clinic
    ready.doctor.clinic_links.create(clinic=make_clinic())

    response = owner.post("/cms/exceptions/new/", fields)

    assert "clinic" in response.context["form"].errors


def test_repeating_exception_is_saved(owner: Client, ready: Bookable) -> None:
    fields = exception_fields(
        ready, day_ahead(3), repeat="nth", weekdays=[1, 3], nth="-1", end_date=day_ahead(300).isoformat()
    )

    response = owner.post("/cms/exceptions/new/", fields)

    assert response.status_code == 302, response.context["form"].errors
    row = ScheduleException.objects.get()
    assert (row.weekdays, row.nth) == ([1, 3], -1)
    assert row.created_by_id is not None
    assert owner.get(f"/cms/exceptions/edit/{row.pk}/").status_code == 200
    assert owner.get(f"/cms/exceptions/inspect/{row.pk}/").status_code == 200


@pytest.mark.parametrize("rows", [1, 3])
def test_exceptions_listing_query_count_does_not_grow(
    rows: int, owner: Client, ready: Bookable, django_assert_max_num_queries: Any
) -> None:
    for _ in range(rows):
        ScheduleException.objects.create(
            scope="doctor",
            doctor=make_bookable().doctor,
            kind="block",
            start_date=day_ahead(1),
            end_date=day_ahead(2),
        )
    owner.get("/cms/exceptions/")

    with django_assert_max_num_queries(16):
        owner.get("/cms/exceptions/")
