"""Changes that would break visits ask first, and do what was decided."""

from __future__ import annotations

import pytest
from django.test import Client

from tenants.booking.models import (
    RebookingBatch,
    Resource,
    ScheduleException,
)
from tenants.doctors.models import DoctorSchedule
from tests.factories import Bookable, make_hours
from tests.tenants.cms_admin.hours import day_ahead, exception_fields, visit_on

pytestmark = [pytest.mark.django_db, pytest.mark.integration]


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


def test_room_that_goes_out_of_use_under_a_visit_asks_first(owner: Client, ready: Bookable) -> None:
    visit = visit_on(ready, day_ahead(5))
    room = Resource.objects.create(kind="room", name="Room 1", clinic=ready.clinic)
    claim = visit.claims.get()
    visit.claims.create(resource=room, span=claim.span, kind=claim.kind, clinic=ready.clinic)

    asked = owner.post(
        f"/cms/rooms/edit/{room.pk}/", {"kind": "room", "name": "Room 1", "clinic": ready.clinic.pk}
    )

    assert "1 booked visit would no longer fit" in asked.content.decode()
