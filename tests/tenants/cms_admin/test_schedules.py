"""Working time in the back office: patterns in words, drafts, exceptions, and the question before visits break."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from saas.accounts.roles import Role
from tenants.audit.actions import GUEST
from tenants.booking.actions import book_appointment
from tenants.booking.models import (
    Appointment,
    BookingCap,
    PolicyOverride,
    RebookingBatch,
    Resource,
    ResourcePool,
    ScheduleException,
)
from tenants.clinics.models import TravelTime
from tenants.doctors.models import DoctorSchedule, FloatingBreak
from tests.factories import Bookable, make_bookable, make_clinic, make_hours, make_patient

pytestmark = [pytest.mark.django_db, pytest.mark.integration]


@pytest.fixture
def owner(staff_client: Callable[[Role], Client]) -> Client:
    client = staff_client(Role.OWNER)
    client.cookies["language"] = "en"
    return client


@pytest.fixture
def ready(network: object) -> Bookable:
    return make_bookable()


def day_ahead(days: int) -> dt.date:
    return timezone.now().date() + dt.timedelta(days=days)


def visit_on(ready: Bookable, day: dt.date, hour: int = 7) -> Appointment:
    """A visit at 10:00 in Moscow, unless said otherwise."""
    return book_appointment(
        doctor_id=ready.doctor.pk,
        service_id=ready.service.pk,
        clinic_id=ready.clinic.pk,
        starts_at=dt.datetime.combine(day, dt.time(hour), tzinfo=dt.UTC),
        patient_id=make_patient().pk,
        source="site",
        language="en",
        actor=GUEST,
        now=timezone.now(),
    )


def hours_fields(ready: Bookable, **fields: Any) -> dict[str, Any]:
    return {
        "doctor": ready.doctor.pk,
        "clinic": ready.clinic.pk,
        "repeats": "week",
        "day_of_week": 0,
        "every_weeks": 1,
        "start_time": "18:00",
        "end_time": "20:00",
        "state": "draft",
        "is_active": "on",
        **fields,
    }


def exception_fields(ready: Bookable, day: dt.date, **fields: Any) -> dict[str, Any]:
    return {
        "kind": "block",
        "scope": "doctor",
        "doctor": ready.doctor.pk,
        "start_date": day.isoformat(),
        "end_date": day.isoformat(),
        "repeat": "none",
        "reason": "Leave",
        **fields,
    }


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


def test_leave_over_visits_asks_first_and_proposes_new_times(owner: Client, ready: Bookable) -> None:
    day = day_ahead(5)
    visit = visit_on(ready, day)
    fields = exception_fields(ready, day)

    asked = owner.post("/cms/exceptions/new/", fields)

    text = asked.content.decode()
    assert asked.status_code == 200
    assert "1 booked visit would no longer fit" in text
    assert str(visit.patient) in text
    assert ScheduleException.objects.count() == 0
    unseen = owner.post("/cms/exceptions/new/", {**fields, "impact_decision": "keep", "impact_seen": ""})
    assert "Nothing has been saved" in unseen.content.decode()
    decided = {**fields, "impact_decision": "propose", "impact_seen": str(visit.pk)}
    saved = owner.post("/cms/exceptions/new/", decided)
    assert saved.status_code == 302
    leave = ScheduleException.objects.get()
    batch = RebookingBatch.objects.get()
    assert batch.reason == "Leave"
    proposal = batch.proposals.get()
    assert proposal.hold is not None
    assert proposal.hold.starts_at.date() != day
    page = owner.get(f"/cms/exceptions/delete/{leave.pk}/").content.decode()
    assert "undo_batch" in page
    undone = owner.post(f"/cms/exceptions/delete/{leave.pk}/", {"undo_batch": "1"})
    assert undone.status_code == 302
    batch.refresh_from_db()
    assert batch.undone_at is not None
    assert ScheduleException.objects.count() == 0


@pytest.mark.parametrize(("decision", "status"), [("keep", "scheduled"), ("cancel", "cancelled")])
def test_visits_are_kept_or_cancelled_as_decided(
    owner: Client, ready: Bookable, decision: str, status: str
) -> None:
    visit = visit_on(ready, day_ahead(5))
    decided = {"impact_decision": decision, "impact_seen": str(visit.pk)}

    response = owner.post("/cms/exceptions/new/", {**exception_fields(ready, day_ahead(5)), **decided})

    assert response.status_code == 302
    visit.refresh_from_db()
    assert visit.status == status


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


def test_hours_that_are_deleted_under_visits_ask_first(owner: Client, ready: Bookable) -> None:
    visit = visit_on(ready, day_ahead(5))
    row = DoctorSchedule.objects.get(day_of_week=day_ahead(5).weekday())

    asked = owner.post(f"/cms/hours/delete/{row.pk}/")

    assert "would no longer fit" in asked.content.decode()
    decided = {"impact_decision": "keep", "impact_seen": str(visit.pk)}
    assert owner.post(f"/cms/hours/delete/{row.pk}/", decided).status_code == 302
    assert not DoctorSchedule.objects.filter(pk=row.pk).exists()


def test_publishing_shorter_hours_over_visits_asks_first(owner: Client, ready: Bookable) -> None:
    visit = visit_on(ready, day_ahead(5))
    make_hours(doctor=ready.doctor, clinic=ready.clinic, windows=[("12:00", "17:00")], state="draft")
    url = f"/cms/hours/publish/{ready.doctor.pk}/"

    assert "1 booked visit would no longer fit" in owner.get(url).content.decode()
    assert "Nothing has been saved" in owner.post(url, {"replace": "1"}).content.decode()
    assert DoctorSchedule.objects.filter(state="draft").count() == 7
    decided = {"replace": "1", "impact_decision": "keep", "impact_seen": str(visit.pk)}
    assert owner.post(url, decided).status_code == 302
    assert DoctorSchedule.objects.filter(state="draft").count() == 0


def test_doctor_service_and_clinic_that_change_under_visits_ask_first(owner: Client, ready: Bookable) -> None:
    visit = visit_on(ready, day_ahead(5))
    visit_on(ready, day_ahead(5), hour=8)
    doctor = {
        "last_name": "Sokolova",
        "first_name": "Maria",
        "slug": ready.doctor.slug,
        "specializations": [each.pk for each in ready.doctor.specializations.all()],
        "clinics": [ready.clinic.pk],
        "services": [ready.service.pk],
        "consultation_price": "2500",
        "experience_years": "10",
    }

    asked = owner.post(f"/cms/doctors/edit/{ready.doctor.pk}/", doctor)
    assert "2 booked visits would no longer fit" in asked.content.decode()
    service = {
        "name": "Longer",
        "slug": ready.service.slug,
        "category": ready.service.category_id,
        "price": "100",
        "duration_minutes": 90,
        "buffer_before_minutes": 0,
        "buffer_after_minutes": 0,
        "group_capacity": 1,
        "clinics": [ready.clinic.pk],
        "doctors": [ready.doctor.pk],
        "is_active": "on",
    }
    longer = owner.post(f"/cms/services/edit/{ready.service.pk}/", service)
    assert "1 booked visit would no longer fit" in longer.content.decode()
    clinic = {
        "name": "Clinic",
        "slug": ready.clinic.slug,
        "address": "Street",
        "phone": "+79161234567",
        "time_zone": "America/New_York",
        "is_active": "on",
        "holiday_country": "RU",
    }
    moved = owner.post(f"/cms/clinics/edit/{ready.clinic.pk}/", clinic)
    assert "would no longer fit" in moved.content.decode()
    ready.clinic.refresh_from_db()
    assert ready.clinic.time_zone == "Europe/Moscow"
    assert owner.post(
        f"/cms/clinics/edit/{ready.clinic.pk}/", {**clinic, "time_zone": "Europe/Moscow"}
    ).status_code in {200, 302}
    assert visit.pk


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


def test_room_that_goes_out_of_use_under_a_visit_asks_first(owner: Client, ready: Bookable) -> None:
    visit = visit_on(ready, day_ahead(5))
    room = Resource.objects.create(kind="room", name="Room 1", clinic=ready.clinic)
    claim = visit.claims.get()
    visit.claims.create(resource=room, span=claim.span, kind=claim.kind, clinic=ready.clinic)

    asked = owner.post(
        f"/cms/rooms/edit/{room.pk}/", {"kind": "room", "name": "Room 1", "clinic": ready.clinic.pk}
    )

    assert "1 booked visit would no longer fit" in asked.content.decode()


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
