"""Hours that end are told in good time, and visits off their clock are found."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from saas.accounts.roles import Role
from saas.networks.context import NetworkRef
from tenants.audit.models import AuditEvent
from tenants.booking import topics
from tenants.booking.models import Appointment
from tenants.booking.scheduled import nightly
from tenants.booking.windows.alerts import alert_managers, hours_ending
from tenants.booking.windows.clocks import note_visits_off_their_clock, visits_off_their_clock
from tenants.doctors.models import DoctorSchedule
from tenants.notifications.hours import hours_letter
from tenants.outbox.models import OutboxEvent
from tests.factories import Bookable, make_bookable, make_hours, make_user
from tests.tenants.booking.helpers import NOW, book

pytestmark = [pytest.mark.django_db, pytest.mark.integration]


def ending(days: int) -> Bookable:
    ready = make_bookable()
    until = NOW.date() + dt.timedelta(days=days)
    DoctorSchedule.objects.filter(doctor=ready.doctor).update(valid_until=until)
    return ready


@pytest.mark.parametrize(
    ("days", "level"), [(31, None), (30, 30), (14, 14), (8, 14), (7, 7), (-1, 7), (-31, None)]
)
def test_doctor_is_listed_by_days_left(network: NetworkRef, days: int, level: int | None) -> None:
    ending(days)

    assert [each.level for each in hours_ending(now=NOW)] == ([level] if level else [])


def test_hours_without_end_drafts_and_doctors_who_left_are_not_counted(network: NetworkRef) -> None:
    open_ended, drafted, gone = ending(5), ending(5), ending(5)
    make_hours(doctor=open_ended.doctor, clinic=open_ended.clinic, days=[0])
    make_hours(doctor=drafted.doctor, clinic=drafted.clinic, days=[0], state="draft")
    gone.doctor.is_active = False
    gone.doctor.save()

    assert [each.doctor_id for each in hours_ending(now=NOW)] == [drafted.doctor.pk]


@pytest.mark.parametrize("rows", [1, 3])
def test_list_takes_one_query(
    network: NetworkRef, django_assert_num_queries: DjangoAssertNumQueries, rows: int
) -> None:
    for _ in range(rows):
        ending(5)

    with django_assert_num_queries(1):
        assert len(hours_ending(now=NOW)) == rows


def test_managers_are_told_once_for_each_level(network: NetworkRef) -> None:
    ready = ending(14)
    manager = make_user(role=Role.MANAGER)

    assert alert_managers(now=NOW) == 1
    assert alert_managers(now=NOW + dt.timedelta(days=1)) == 0
    assert alert_managers(now=NOW + dt.timedelta(days=7)) == 1

    events = OutboxEvent.objects.filter(topic=topics.HOURS_END)
    assert events.count() == 2
    until = NOW.date() + dt.timedelta(days=14)
    letter = hours_letter(doctor_id=ready.doctor.pk, until=until, now=NOW, message_id="one")
    assert letter is not None
    assert manager.email in letter.recipients
    assert str(ready.doctor) in letter.text
    assert f"?doctor={ready.doctor.pk}" in letter.html
    DoctorSchedule.objects.filter(doctor=ready.doctor).update(valid_until=None)
    assert hours_letter(doctor_id=ready.doctor.pk, until=until, now=NOW, message_id="two") is None


def test_visit_off_its_clock_is_listed_and_noted_once(network: NetworkRef, capsys: Any) -> None:
    ready = make_bookable(time_zone="Asia/Almaty")
    kept, moved = (book(ready, dt.datetime(2027, 1, 12, hour, 0, tzinfo=dt.UTC)) for hour in (6, 7))
    Appointment.objects.filter(pk=moved.pk).update(local_start="2027-01-12T13:00")

    [found] = visits_off_their_clock(now=NOW)

    assert (found.appointment_id, found.shows) == (moved.pk, "2027-01-12T12:00")
    assert found.should_start_at == dt.datetime(2027, 1, 12, 8, 0, tzinfo=dt.UTC)
    assert note_visits_off_their_clock(now=NOW) == 1
    assert note_visits_off_their_clock(now=NOW) == 1
    [event] = AuditEvent.objects.filter(action="appointment.clock_disagrees")
    assert event.object_id == str(moved.pk)
    assert kept.pk != moved.pk
    with pytest.raises(CommandError, match="1 visits"):
        call_command("check_clocks")
    assert str(moved.public_id) in capsys.readouterr().out


def test_night_extends_the_horizon_and_tells(network: NetworkRef) -> None:
    ready = make_bookable()
    DoctorSchedule.objects.filter(doctor=ready.doctor).update(
        valid_until=timezone.now().date() + dt.timedelta(days=5)
    )

    nightly(network.schema_name)

    assert ready.doctor.resource.windows_until is not None
    assert OutboxEvent.objects.filter(topic=topics.HOURS_END).count() == 1
