"""Stored working time: fresh in one query, stale after any change of a rule, rebuilt when it is read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from saas.networks.context import NetworkRef, network_context
from tenants.booking.models import Resource, ScheduleException, WorkWindow
from tenants.booking.windows import store
from tenants.booking.windows.upkeep import keep_up, refresh_stale
from tenants.clinics.models import TravelTime
from tenants.doctors.models import DoctorSchedule
from tests.factories import Bookable, make_bookable, make_clinic, make_doctor, make_hours

pytestmark = [pytest.mark.django_db, pytest.mark.integration]


@pytest.fixture
def ready(network: NetworkRef) -> Bookable:
    return make_bookable()


def resource_of(ready: Bookable) -> Resource:
    return Resource.objects.get(doctor=ready.doctor)


def today() -> dt.date:
    return timezone.now().date()


def read(ready: Bookable, ahead: int = 1, days: int = 1) -> list[store.StoredWindow]:
    first = today() + dt.timedelta(days=ahead)
    pk = resource_of(ready).pk
    return store.windows_of([pk], first=first, last=first + dt.timedelta(days=days))[pk]


def is_stale(ready: Bookable) -> bool:
    return resource_of(ready).windows_until is None


def closure(**fields: Any) -> ScheduleException:
    day = today() + dt.timedelta(days=1)
    values = {"scope": "network", "kind": "block", "start_date": day, "end_date": day}
    return ScheduleException.objects.create(**{**values, **fields})


def test_windows_are_built_when_first_read_and_then_cost_one_query(
    ready: Bookable, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    [window] = read(ready)

    assert window.clinic_id == ready.clinic.pk
    assert window.local_date == today() + dt.timedelta(days=1)
    assert window.ends_at - window.starts_at == dt.timedelta(hours=8)
    assert resource_of(ready).windows_until == today() + dt.timedelta(days=store.HORIZON_DAYS)
    pk = resource_of(ready).pk
    with django_assert_num_queries(1):
        found = store.windows_of([pk], first=today(), last=today() + dt.timedelta(days=90))
    assert len(found[pk]) == 90


@pytest.mark.parametrize("doctors", [1, 3])
def test_rebuilding_takes_the_same_number_of_queries_for_any_number_of_doctors(
    network: NetworkRef, django_assert_num_queries: DjangoAssertNumQueries, doctors: int
) -> None:
    pks = [resource_of(make_bookable()).pk for _ in range(doctors)]

    with django_assert_num_queries(17):  # two of them lock and fill gaps
        found = store.windows_of(pks, first=today(), last=today() + dt.timedelta(days=2))

    assert [len(found[pk]) for pk in pks] == [2] * doctors


def _hours(ready: Bookable) -> None:
    DoctorSchedule.objects.filter(doctor=ready.doctor).latest("pk").save()


def _fewer_hours(ready: Bookable) -> None:
    DoctorSchedule.objects.filter(doctor=ready.doctor).latest("pk").delete()


def _zone(ready: Bookable) -> None:
    ready.clinic.time_zone = "Asia/Almaty"
    ready.clinic.save()


def _holidays(ready: Bookable) -> None:
    ready.clinic.holiday_calendar = "RU"
    ready.clinic.save()


def _place_lost(ready: Bookable) -> None:
    ready.doctor.clinic_links.get().delete()


def _way(ready: Bookable) -> None:
    other = make_clinic()
    ready.doctor.clinic_links.create(clinic=other)
    read(ready)
    TravelTime.objects.create(from_clinic=ready.clinic, to_clinic=other, minutes=10)


@pytest.mark.parametrize(
    "change",
    [
        _hours,
        _fewer_hours,
        _zone,
        _holidays,
        _place_lost,
        _way,
        lambda _ready: closure(),
        lambda ready: closure(scope="clinic", clinic=ready.clinic),
        lambda ready: closure(scope="doctor", doctor=ready.doctor),
    ],
    ids=["hours", "fewer", "zone", "holidays", "place", "way", "network", "clinic", "doctor"],
)
def test_change_of_a_rule_makes_windows_stale(ready: Bookable, change: Callable[[Bookable], Any]) -> None:
    read(ready)
    version = resource_of(ready).version

    change(ready)

    assert is_stale(ready)
    assert resource_of(ready).version > version


def test_change_elsewhere_leaves_windows_alone(ready: Bookable) -> None:
    other = make_bookable()
    read(ready)

    closure(scope="doctor", doctor=other.doctor)
    closure(scope="clinic", clinic=other.clinic)
    ready.clinic.name = "Renamed"
    ready.clinic.save()

    assert not is_stale(ready)


def test_exception_that_moves_to_another_doctor_frees_the_first(ready: Bookable) -> None:
    other = make_bookable()
    leave = closure(scope="doctor", doctor=ready.doctor)
    assert read(ready) == []

    leave.doctor = other.doctor
    leave.save()

    assert len(read(ready)) == 1
    assert read(other) == []


def test_hours_that_move_to_another_doctor_leave_the_first(ready: Bookable) -> None:
    other = make_doctor(clinics=[ready.clinic])
    read(ready)

    for hours in DoctorSchedule.objects.filter(doctor=ready.doctor):
        hours.doctor = other
        hours.save()

    assert read(ready) == []


def test_draft_and_hours_out_of_force_open_nothing(ready: Bookable) -> None:
    DoctorSchedule.objects.filter(doctor=ready.doctor).delete()
    make_hours(doctor=ready.doctor, clinic=ready.clinic, state="draft")
    make_hours(doctor=ready.doctor, clinic=ready.clinic, is_active=False)

    assert read(ready) == []


def test_past_stays_as_it_was(ready: Bookable) -> None:
    before = read(ready, ahead=-10, days=5)
    assert len(before) == 5

    DoctorSchedule.objects.filter(doctor=ready.doctor).delete()
    store.mark_stale()

    assert read(ready, ahead=-10, days=5) == before
    assert read(ready) == []


def test_beyond_what_is_stored_the_rules_answer(ready: Bookable) -> None:
    far = read(ready, ahead=store.HORIZON_DAYS - 1, days=10)
    long_ago = read(ready, ahead=-100, days=100)

    assert len(far) == 10
    assert len(long_ago) == 100
    assert WorkWindow.objects.count() == store.HORIZON_DAYS + store.HISTORY_DAYS


def test_room_is_open_all_day_but_for_its_blocks(network: NetworkRef) -> None:
    clinic = make_clinic()
    room = Resource.objects.create(kind="room", name="Room 1", clinic=clinic)
    closure(scope="resource", resource=room, start_time=dt.time(12), end_time=dt.time(13))
    first = today() + dt.timedelta(days=1)

    found = store.windows_of([room.pk], first=first, last=first + dt.timedelta(days=2))[room.pk]

    hours = [window.ends_at - window.starts_at for window in found]
    assert hours == [dt.timedelta(hours=hours) for hours in (12, 11, 24)]


def test_nightly_work_extends_by_what_is_missing(ready: Bookable) -> None:
    read(ready)
    pk = resource_of(ready).pk
    tomorrow = timezone.now() + dt.timedelta(days=1)
    count = WorkWindow.objects.count()

    store.extend([pk], now=tomorrow)

    assert WorkWindow.objects.count() == count + 1
    assert resource_of(ready).windows_until == tomorrow.date() + dt.timedelta(days=store.HORIZON_DAYS)
    assert keep_up(now=tomorrow) == Resource.objects.count()
    latest = tomorrow.date() + dt.timedelta(days=store.HORIZON_DAYS - 1)
    assert WorkWindow.objects.filter(local_date=latest).count() == 1


def test_stale_ones_are_refreshed_in_the_background(ready: Bookable) -> None:
    read(ready)
    store.mark_stale()

    assert refresh_stale(now=timezone.now()) == 1
    assert not is_stale(ready)


def test_night_shift_kept_from_before_is_not_run_into(ready: Bookable) -> None:
    DoctorSchedule.objects.filter(doctor=ready.doctor).delete()
    make_hours(doctor=ready.doctor, clinic=ready.clinic, windows=[("22:00", "06:00")])
    read(ready)
    DoctorSchedule.objects.filter(doctor=ready.doctor).delete()

    make_hours(doctor=ready.doctor, clinic=ready.clinic, windows=[("00:00", "23:00")])

    assert len(read(ready)) == 1


def test_same_ids_in_two_networks_have_their_own_windows(
    twin_networks: tuple[NetworkRef, NetworkRef],
) -> None:
    first, second = twin_networks
    counts = []
    for ref, hours in ((first, "13:00"), (second, "15:00")):
        with network_context(ref):
            ready = make_bookable(windows=(("09:00", hours),))
            [window] = read(ready)
            counts.append((window.ends_at - window.starts_at, WorkWindow.objects.count()))
    stored = store.HORIZON_DAYS + store.HISTORY_DAYS
    assert counts == [(dt.timedelta(hours=4), stored), (dt.timedelta(hours=6), stored)]


def test_command_rebuilds_a_network(ready: Bookable, network: NetworkRef, capsys: Any) -> None:
    call_command("rebuild_windows", network.schema_name)

    assert f"{network.schema_name}: 1 resources in" in capsys.readouterr().out
    assert not is_stale(ready)


def test_change_for_everybody_is_rebuilt_in_the_background(
    ready: Bookable, django_capture_on_commit_callbacks: Any
) -> None:
    read(ready)

    with django_capture_on_commit_callbacks(execute=True):
        closure()

    assert not is_stale(ready)
    assert read(ready) == []
