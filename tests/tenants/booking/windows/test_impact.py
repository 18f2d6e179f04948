"""Which visits a change would break, what it would look like, and publishing drafts."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from saas.networks.context import NetworkRef
from tenants.audit.actions import SYSTEM
from tenants.booking.models import Appointment, Resource, ScheduleException
from tenants.booking.windows.drafts import (
    draft_of_clinic,
    draft_of_exception,
    draft_of_hours,
    draft_of_places,
)
from tenants.booking.windows.impact import (
    visits_left_outside,
    visits_of_doctor,
    visits_that_would_overlap,
    visits_that_would_overlap_by,
)
from tenants.booking.windows.preview import preview
from tenants.booking.windows.publishing import plan_publication, publish_hours
from tenants.doctors.models import DoctorSchedule
from tenants.services.models import ServiceOverride
from tests.factories import Bookable, make_bookable, make_clinic, make_hours, make_patient
from tests.tenants.booking.helpers import NINE, NOW, book

pytestmark = [pytest.mark.django_db, pytest.mark.integration]

TUESDAY = dt.date(2027, 1, 12)
HALF_HOUR = dt.timedelta(minutes=30)


@pytest.fixture
def ready(network: NetworkRef) -> Bookable:
    return make_bookable()


@pytest.fixture
def visit(ready: Bookable) -> Appointment:
    return book(ready)


def leave(ready: Bookable, **fields: Any) -> ScheduleException:
    values = {
        "scope": "doctor",
        "doctor": ready.doctor,
        "kind": "block",
        "start_date": TUESDAY,
        "end_date": TUESDAY,
        "repeat": "none",
        "weekdays": [],
    }
    return ScheduleException(**{**values, **fields})


def broken(draft: Any) -> list[int]:
    return [each.appointment.pk for each in visits_left_outside(draft=draft, now=NOW)]


def test_leave_breaks_the_visits_of_its_days_and_each_gets_another_time(
    ready: Bookable, visit: Appointment
) -> None:
    second = book(ready, NINE + HALF_HOUR, patient_id=make_patient().pk)
    book(ready, NINE + dt.timedelta(days=1), patient_id=make_patient().pk)

    found = visits_left_outside(draft=draft_of_exception(leave(ready)), now=NOW)

    assert [each.appointment for each in found] == [visit, second]
    times = [each.proposed.starts_at for each in found if each.proposed]
    assert len(set(times)) == 2
    assert all(time.date() != TUESDAY for time in times)


@pytest.mark.parametrize(
    ("fields", "count"),
    [
        ({"start_time": dt.time(9), "end_time": dt.time(9, 30)}, 1),
        ({"start_time": dt.time(9, 30), "end_time": dt.time(12)}, 0),
        ({"kind": "replace", "start_time": dt.time(10), "end_time": dt.time(12)}, 1),
        ({"kind": "add", "start_time": dt.time(18), "end_time": dt.time(19)}, 0),
        ({"repeat": "weekly", "weekdays": [2], "end_date": dt.date(2027, 3, 1)}, 0),
        ({"repeat": "weekly", "weekdays": [1], "end_date": dt.date(2027, 3, 1)}, 1),
        ({"start_date": dt.date(2026, 1, 12), "end_date": dt.date(2026, 1, 12), "repeat": "yearly"}, 1),
        ({"scope": "network", "doctor": None}, 1),
    ],
)
def test_exception_of_every_kind_says_what_it_breaks(
    ready: Bookable, visit: Appointment, fields: dict[str, Any], count: int
) -> None:
    assert broken(draft_of_exception(leave(ready, **fields))) == [visit.pk] * count


def test_visit_that_lay_outside_before_is_not_counted(ready: Bookable, visit: Appointment) -> None:
    leave(ready).save()

    assert broken(draft_of_exception(leave(ready, start_date=dt.date(2027, 1, 11)))) == []


def test_taking_extra_hours_back_breaks_the_visits_in_them(ready: Bookable) -> None:
    extra = leave(ready, kind="replace", start_time=dt.time(18), end_time=dt.time(19))
    extra.save()
    moved = Appointment.objects.filter(pk=book(ready, NINE + dt.timedelta(days=1)).pk)
    evening = dt.datetime(2027, 1, 12, 15, tzinfo=dt.UTC)
    moved.update(appointment_date=evening, ends_at=evening + HALF_HOUR)

    assert broken(draft_of_exception(extra, removed=True)) == [moved.get().pk]


def test_shorter_hours_and_holidays_and_a_lost_clinic_break_visits(
    ready: Bookable, visit: Appointment
) -> None:
    tuesdays = DoctorSchedule.objects.get(doctor=ready.doctor, day_of_week=1)
    tuesdays.start_time = dt.time(10)
    assert broken(draft_of_hours(doctor_id=ready.doctor.pk, put=[tuesdays])) == [visit.pk]
    tuesdays.start_time, tuesdays.state = dt.time(9), "draft"
    assert broken(draft_of_hours(doctor_id=ready.doctor.pk, put=[tuesdays])) == [visit.pk]
    assert broken(draft_of_hours(doctor_id=ready.doctor.pk, without=[tuesdays.pk])) == [visit.pk]
    assert broken(draft_of_places(ready.doctor, clinic_ids=[])) == [visit.pk]
    ready.clinic.time_zone = "America/New_York"
    assert broken(draft_of_clinic(ready.clinic)) == [visit.pk]


def test_holiday_over_a_booked_visit_is_seen(ready: Bookable) -> None:
    holiday = book(ready, dt.datetime(2027, 2, 23, 7, 0, tzinfo=dt.UTC))

    ready.clinic.holiday_calendar = "RU"

    assert broken(draft_of_clinic(ready.clinic)) == [holiday.pk]


def test_doctor_who_leaves_is_never_proposed(ready: Bookable, visit: Appointment) -> None:
    [alone] = visits_of_doctor(doctor=ready.doctor, now=NOW)
    assert (alone.appointment, alone.proposed) == (visit, None)

    other = make_bookable(clinic=ready.clinic)
    ready.service.doctors.add(other.doctor)

    [found] = visits_of_doctor(doctor=ready.doctor, now=NOW)
    assert found.proposed is not None
    assert found.proposed.doctor_id == other.doctor.pk
    assert visits_of_doctor(doctor=ready.doctor, now=NOW, clinic_ids=[ready.clinic.pk]) == []


def test_longer_service_finds_the_visits_without_room(ready: Bookable, visit: Appointment) -> None:
    book(ready, NINE + HALF_HOUR, patient_id=make_patient().pk)
    ready.service.duration_minutes = 45

    found = visits_that_would_overlap(service=ready.service, now=NOW)

    assert [each.appointment for each in found] == [visit]
    special = ServiceOverride(service=ready.service, doctor=ready.doctor, duration_minutes=60)
    assert len(visits_that_would_overlap_by(override=special, now=NOW)) == 1
    special.save()
    assert visits_that_would_overlap(service=ready.service, now=NOW) == []
    special.valid_until = TUESDAY - dt.timedelta(days=1)
    assert visits_that_would_overlap_by(override=special, now=NOW) == []


def test_room_that_is_closed_breaks_the_visits_in_it(ready: Bookable, visit: Appointment) -> None:
    room = Resource.objects.create(kind="room", name="Room 1", clinic=ready.clinic)
    claim = visit.claims.get()
    visit.claims.create(resource=room, span=claim.span, kind=claim.kind, clinic=ready.clinic)
    closed = leave(
        ready, scope="resource", doctor=None, resource=room, start_time=dt.time(9), end_time=dt.time(10)
    )

    assert broken(draft_of_exception(closed)) == [visit.pk]


def test_preview_shows_eight_weeks_with_what_comes_and_goes(ready: Bookable) -> None:
    shown = preview(doctor_id=ready.doctor.pk, draft=draft_of_exception(leave(ready)), today=TUESDAY)

    assert [len(week) for week in shown.weeks] == [7] * 8
    monday, tuesday = shown.weeks[0][:2]
    assert [stretch.text for stretch in monday.kept] == ["09:00–17:00"]
    assert [stretch.text for stretch in tuesday.removed] == ["09:00–17:00"]
    assert tuesday.is_changed
    assert not monday.is_changed
    assert shown.hours_before - shown.hours_after == 8


def test_publishing_in_place_of_earlier_hours_ends_them_the_day_before(ready: Bookable) -> None:
    start = dt.date(2027, 2, 1)
    make_hours(
        doctor=ready.doctor,
        clinic=ready.clinic,
        days=[0],
        windows=[("12:00", "20:00")],
        state="draft",
        valid_from=start,
    )

    with pytest.raises(ValidationError, match="overlap"):
        plan_publication(doctor_id=ready.doctor.pk, replace=False, today=TUESDAY)
    plan = publish_hours(doctor_id=ready.doctor.pk, replace=True, actor=SYSTEM, today=TUESDAY)

    assert len(plan.ended) == 7
    rows = DoctorSchedule.objects.filter(doctor=ready.doctor, is_active=True)
    assert {row.valid_until for row in rows if row.valid_from is None} == {dt.date(2027, 1, 31)}
    assert [row.state for row in rows if row.valid_from == start] == ["published"]
    with pytest.raises(ValidationError, match="no drafts"):
        publish_hours(doctor_id=ready.doctor.pk, replace=True, actor=SYSTEM, today=TUESDAY)


def test_publishing_leaves_other_clinics_alone_and_withdraws_later_hours(ready: Bookable) -> None:
    elsewhere = make_clinic()
    ready.doctor.clinic_links.create(clinic=elsewhere)
    [other] = make_hours(doctor=ready.doctor, clinic=elsewhere, days=[0], windows=[("18:00", "20:00")])
    [later] = make_hours(
        doctor=ready.doctor,
        clinic=ready.clinic,
        days=[6],
        windows=[("18:00", "19:00")],
        valid_from=dt.date(2027, 5, 1),
    )
    make_hours(
        doctor=ready.doctor, clinic=ready.clinic, days=[1], windows=[("08:00", "12:00")], state="draft"
    )

    plan = publish_hours(doctor_id=ready.doctor.pk, replace=True, actor=SYSTEM, today=TUESDAY)

    assert [row.pk for row in plan.withdrawn] == [later.pk]
    other.refresh_from_db()
    assert other.valid_until is None
    assert plan.drafts[0].valid_from == TUESDAY
