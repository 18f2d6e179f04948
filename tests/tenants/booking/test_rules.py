"""Rooms, buffers, limits, waves, breaks, ways, special rules: shown, explained and booked by one engine."""

from __future__ import annotations

import datetime as dt

import pytest
from psycopg2.extras import DateTimeTZRange
from pytest_django import DjangoAssertNumQueries

from saas.networks.context import NetworkRef
from tenants.audit.actions import Actor
from tenants.booking.actions import block_time, cancel_appointment, reschedule_appointment
from tenants.booking.actions.holding import hold_slot
from tenants.booking.errors import (
    BeyondHorizon,
    CapReached,
    NoRoomFree,
    NoTimeForBreak,
    NotReleased,
    OnTheWay,
    OverbookForbidden,
    SlotTaken,
    VisitTooLong,
)
from tenants.booking.models import (
    BookingCap,
    Claim,
    PolicyOverride,
    ReleaseWave,
    ResourcePool,
    ScheduleException,
)
from tenants.booking.selectors import explain, explain_no_slots
from tenants.clinics.models import TravelTime
from tenants.doctors.models import DoctorClinic, FloatingBreak
from tests.factories import make_bookable, make_clinic, make_hours
from tests.tenants.booking.helpers import NINE, NOW, book, set_policy
from tests.tenants.booking.ruling import (
    HALF_HOUR,
    TUESDAY,
    asked,
    make_room,
    minutes,
    others,
    require,
    rooms_of,
    shown,
)

pytestmark = pytest.mark.django_db


def test_plain_visits_ask_nothing_more(
    network: NetworkRef, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    bookable = make_bookable()
    shown(bookable)
    explain(**asked(bookable))
    with django_assert_num_queries(1):
        assert explain(**asked(bookable)).bookable


def test_room_is_chosen_claimed_and_shared(network: NetworkRef) -> None:
    one, other = make_bookable(), make_bookable()
    other.service.clinics.add(one.clinic)
    DoctorClinic.objects.create(doctor=other.doctor, clinic=one.clinic)
    make_hours(doctor=other.doctor, clinic=one.clinic, windows=[("18:00", "20:00")])
    room = make_room(one)
    require(one, room, setup_minutes=10, cleanup_minutes=20)
    booked = book(one)
    claim = booked.claims.get(resource=room)
    assert claim.span == DateTimeTZRange(NINE - minutes(10), NINE + HALF_HOUR + minutes(20))
    assert claim.clinic_id == one.clinic.pk
    # The next visit needs the room from 9:20 on, while it is cleaned until 9:50.
    assert shown(one)[:2] == ["10:00", "10:30"]
    assert explain(**asked(one, NINE + HALF_HOUR)).code == "no_room"
    with pytest.raises(NoRoomFree) as refused:
        book(one, NINE + HALF_HOUR, **others(one))
    assert len(refused.value.params["alternatives"]) == 3
    cancel_appointment(public_id=booked.public_id, actor=Actor(kind="user"), now=NOW, for_staff=True)
    assert shown(one)[:2] == ["9:00", "9:30"]


def test_best_fit_takes_the_room_of_fewest_pools(network: NetworkRef) -> None:
    bookable = make_bookable()
    versatile, modest = make_room(bookable), make_room(bookable)
    require(bookable, versatile, modest)
    ResourcePool.objects.create(name="Other").resources.set([versatile])
    assert rooms_of(book(bookable)) == [modest.pk]
    modest.is_active = False
    modest.save()
    assert rooms_of(book(bookable, NINE + HALF_HOUR)) == [versatile.pk]


def test_all_needs_get_different_members(network: NetworkRef) -> None:
    bookable = make_bookable()
    first, second = make_room(bookable), make_room(bookable, kind="device")
    require(bookable, first, second)
    require(bookable, first)
    # The first need would like the first one as well, which only the second need cannot do without.
    assert rooms_of(book(bookable)) == [first.pk, second.pk]
    require(bookable, second)
    assert shown(bookable) == []
    with pytest.raises(NoRoomFree):
        book(bookable, NINE + 2 * HALF_HOUR)


def test_rooms_of_other_clinics_do_not_serve(network: NetworkRef) -> None:
    bookable = make_bookable()
    require(bookable, make_room(bookable, clinic=make_clinic()))
    assert shown(bookable) == []
    assert [blocker.code for blocker in explain_no_slots(now=NOW)] == ["no_rooms"]
    assert explain(**asked(bookable, for_staff=True)).code == "no_room"
    with pytest.raises(NoRoomFree):
        book(bookable, for_staff=True, overbook_reason="nothing to overbook")


def test_room_closed_by_an_exception(network: NetworkRef) -> None:
    bookable = make_bookable()
    room = make_room(bookable)
    require(bookable, room)
    assert len(shown(bookable)) == 16
    ScheduleException.objects.create(
        scope="resource",
        resource=room,
        kind="block",
        start_date=TUESDAY,
        end_date=TUESDAY,
        start_time=dt.time(9),
        end_time=dt.time(12),
    )
    assert shown(bookable)[0] == "12:00"
    assert explain(**asked(bookable)).code == "no_room"


def test_buffers_keep_the_doctor(network: NetworkRef) -> None:
    bookable = make_bookable()
    bookable.service.buffer_before_minutes = 5
    bookable.service.buffer_after_minutes = 15
    bookable.service.save()
    claim = book(bookable).claims.get()
    assert claim.span == DateTimeTZRange(NINE - minutes(5), NINE + minutes(45))
    assert shown(bookable)[:2] == ["10:00", "10:30"]
    assert explain(**asked(bookable, NINE + HALF_HOUR)).code == "taken"


def test_visit_must_end_with_the_working_time(network: NetworkRef) -> None:
    set_policy(slot_step_minutes=15)
    bookable = make_bookable()
    late = NINE + dt.timedelta(hours=7, minutes=45)
    assert explain(**asked(bookable, late)).code == "too_long"
    with pytest.raises(VisitTooLong):
        book(bookable, late)


def test_staff_are_not_bound_by_the_grid(network: NetworkRef) -> None:
    bookable = make_bookable()
    assert explain(**asked(bookable, NINE + minutes(5))).code == "misaligned"
    assert explain(**asked(bookable, NINE + minutes(5), for_staff=True)).bookable
    assert book(bookable, NINE + minutes(5), for_staff=True).pk


@pytest.mark.parametrize("field", ["doctor", "clinic", "service", "channel", None])
def test_limit_of_a_day(network: NetworkRef, field: str | None) -> None:
    bookable = make_bookable()
    about = {} if field is None else {field: "site" if field == "channel" else getattr(bookable, field)}
    BookingCap.objects.create(most=2, period="day", **about)
    kept = [book(bookable, NINE + n * HALF_HOUR, **others(bookable)) for n in range(2)]
    assert shown(bookable) == []
    assert shown(bookable, TUESDAY + dt.timedelta(days=1))
    verdict = explain(**asked(bookable, NINE + 4 * HALF_HOUR))
    assert (verdict.code, verdict.params) == ("cap_reached", {"most": 2, "period": "day"})
    with pytest.raises(CapReached) as refused:
        book(bookable, NINE + 4 * HALF_HOUR)
    assert refused.value.params["most"] == 2
    assert refused.value.params["alternatives"]
    assert (len(shown(bookable, channel="api")) > 0) == (field == "channel")
    # Moving within the day is no further visit; a cancelled one makes room.
    moved = reschedule_appointment(
        public_id=kept[0].public_id, starts_at=NINE + 6 * HALF_HOUR, actor=Actor(kind="user"), now=NOW
    )
    assert moved.appointment_date == NINE + 6 * HALF_HOUR
    cancel_appointment(public_id=kept[1].public_id, actor=Actor(kind="user"), now=NOW)
    assert book(bookable, NINE + 4 * HALF_HOUR).pk


def test_limit_of_a_week_counts_holds_and_below_what_is_booked(network: NetworkRef) -> None:
    bookable = make_bookable()
    cap = BookingCap.objects.create(most=2, period="week", doctor=bookable.doctor)
    book(bookable)
    hold = hold_slot(**asked(bookable, NINE + dt.timedelta(days=1)), holder="someone")
    with pytest.raises(CapReached):
        book(bookable, NINE + dt.timedelta(days=2), **others(bookable))
    assert book(bookable, hold.starts_at, hold_id=hold.pk).pk
    cap.most = 1
    cap.save()
    assert shown(bookable, TUESDAY + dt.timedelta(days=5)) == []
    assert shown(bookable, TUESDAY + dt.timedelta(days=6))


def test_waves_open_a_part_for_patients(network: NetworkRef) -> None:
    bookable = make_bookable()
    ReleaseWave.objects.create(days_ahead=7, percent=25)
    day = TUESDAY + dt.timedelta(days=7)
    at = NINE + dt.timedelta(days=7)
    assert len(shown(bookable, day)) == 16
    for n in range(4):
        book(bookable, at + n * HALF_HOUR, **others(bookable))
    assert shown(bookable, day) == []
    assert shown(bookable, day, for_staff=True)
    assert len(shown(bookable)) == 16
    with pytest.raises(NotReleased):
        book(bookable, at + 5 * HALF_HOUR)
    assert book(bookable, at + 5 * HALF_HOUR, for_staff=True).pk
    ReleaseWave.objects.create(
        days_ahead=0, percent=100, doctor=bookable.doctor
    )  # own rows replace the others
    assert shown(bookable, day)


def test_special_rules_of_service_and_channel(network: NetworkRef) -> None:
    bookable = make_bookable()
    PolicyOverride.objects.create(channel="api", minimum_notice_minutes=60 * 48)
    PolicyOverride.objects.create(service=bookable.service, horizon_days=3, needs_approval=True)
    assert shown(bookable)
    assert shown(bookable, channel="api") == []
    assert shown(bookable, TUESDAY + dt.timedelta(days=3)) == []
    with pytest.raises(BeyondHorizon) as refused:
        book(bookable, NINE + dt.timedelta(days=3))
    assert refused.value.params == {"days": 3}
    assert book(bookable).awaiting_approval
    assert not book(bookable, NINE + HALF_HOUR, for_staff=True, source="desk").awaiting_approval


def test_floating_break_keeps_its_room(network: NetworkRef) -> None:
    bookable = make_bookable()
    FloatingBreak.objects.create(
        doctor=bookable.doctor, minutes=30, earliest=dt.time(12), latest=dt.time(13, 30)
    )
    noon = NINE + dt.timedelta(hours=3)
    book(bookable, noon)
    book(bookable, noon + 2 * HALF_HOUR, **others(bookable))
    assert "12:30" not in shown(bookable)
    verdict = explain(**asked(bookable, noon + HALF_HOUR, for_staff=True))
    assert verdict.code == "no_time_for_break"
    assert verdict.fix_url.startswith("/cms/breaks/edit/")
    with pytest.raises(NoTimeForBreak):
        book(bookable, noon + HALF_HOUR, **others(bookable))
    on_top = book(
        bookable, noon + HALF_HOUR, **others(bookable), for_staff=True, overbook_reason="she is in pain"
    )
    assert on_top.overbooked
    assert not on_top.claims.get().overbook  # the doctor was free: nobody else may have the time


def test_way_between_clinics(network: NetworkRef) -> None:
    bookable = make_bookable(windows=[("09:00", "12:00")])
    elsewhere = make_clinic()
    bookable.service.clinics.add(elsewhere)
    DoctorClinic.objects.create(doctor=bookable.doctor, clinic=elsewhere, order=1)
    make_hours(doctor=bookable.doctor, clinic=elsewhere, windows=[("12:00", "15:00")])
    book(bookable, NINE + dt.timedelta(hours=2, minutes=30), **others(bookable))
    there = {"clinic_id": elsewhere.pk, **others(bookable)}
    noon = NINE + dt.timedelta(hours=3)
    TravelTime.objects.create(from_clinic=elsewhere, to_clinic=bookable.clinic, minutes=45)
    # The window there begins when the way from the morning's window is done: at 12:45.
    assert explain(**asked(bookable, noon + minutes(45), clinic_id=elsewhere.pk)).bookable
    Claim.objects.filter(clinic=bookable.clinic).update(
        span=DateTimeTZRange(NINE + minutes(170), NINE + minutes(200))
    )
    assert explain(**asked(bookable, noon + minutes(45), clinic_id=elsewhere.pk)).code == "on_the_way"
    with pytest.raises(OnTheWay):
        book(bookable, noon + minutes(45), **there)
    assert book(bookable, noon + minutes(75), **there).pk


def test_overbooking_needs_staff_and_leaves_blocks_alone(network: NetworkRef) -> None:
    bookable = make_bookable()
    book(bookable)
    with pytest.raises(OverbookForbidden):
        book(bookable, **others(bookable), overbook_reason="please")
    on_top = book(bookable, **others(bookable), for_staff=True, overbook_reason="urgent")
    assert on_top.claims.get().overbook
    block_time(
        doctor_id=bookable.doctor.pk,
        clinic_id=None,
        starts_at=NINE + HALF_HOUR,
        ends_at=NINE + 2 * HALF_HOUR,
        reason="",
        actor=Actor(kind="user"),
    )
    with pytest.raises(SlotTaken):
        book(bookable, NINE + minutes(15), **others(bookable), for_staff=True, overbook_reason="urgent")


def test_overbooked_visit_still_takes_a_free_room(network: NetworkRef) -> None:
    bookable = make_bookable()
    rooms = [make_room(bookable) for _ in range(2)]
    require(bookable, *rooms)
    book(bookable)
    on_top = book(bookable, **others(bookable), for_staff=True, overbook_reason="urgent")
    assert rooms_of(on_top) == [rooms[1].pk]
    assert not on_top.claims.get(resource=rooms[1]).overbook
    third = book(bookable, **others(bookable), for_staff=True, overbook_reason="urgent")
    assert third.claims.get(resource__doctor=None).overbook


def test_own_hold_gives_its_room_back(network: NetworkRef) -> None:
    bookable = make_bookable()
    rooms = [make_room(bookable) for _ in range(2)]
    require(bookable, *rooms)
    other = hold_slot(**asked(bookable), holder="other")
    Claim.objects.filter(hold=other, resource__doctor__isnull=False).update(active=False)
    mine = hold_slot(**asked(bookable), holder="me")
    Claim.objects.filter(hold=other).update(active=False)
    booked = book(bookable, hold_id=mine.pk)
    assert rooms_of(booked) == [rooms[0].pk]
    assert not Claim.objects.filter(hold=mine, active=True).exists()
