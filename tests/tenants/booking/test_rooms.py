"""Rooms: a visit changes its room, a room is closed, and what needs a closed one cannot be booked."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from saas.core.errors import NotFound
from saas.networks.context import NetworkRef
from tenants.audit.actions import GUEST
from tenants.audit.models import AuditEvent
from tenants.booking.actions import block_time, cancel_appointment, complete_appointment, move_block
from tenants.booking.actions.holding import hold_slot
from tenants.booking.actions.rooming import (
    change_room,
    change_session_room,
    close_room,
    move_to_room,
)
from tenants.booking.errors import (
    AppointmentNotFound,
    BadInterval,
    NoRoomFree,
    SlotTaken,
    StaleVersion,
    TimeNotFree,
    WrongStatus,
)
from tenants.booking.models import (
    Appointment,
    AppointmentEvent,
    Claim,
    ClaimKind,
    Resource,
    ScheduleException,
)
from tenants.booking.place_errors import RoomClosed, RoomTaken, WrongRoom
from tenants.booking.reservation_errors import SessionNotFound, SessionOver
from tenants.booking.selectors import explain
from tenants.booking.selectors.rooms import rooms_held, visits_in_room
from tenants.outbox.models import OutboxEvent
from tests.factories import Bookable, make_bookable, make_patient
from tests.tenants.booking.helpers import NINE, NOW, book
from tests.tenants.booking.ruling import HALF_HOUR, asked, make_room, minutes, require, rooms_of, shown
from tests.tenants.booking.test_groups_and_approval import session_of

pytestmark = pytest.mark.django_db


def house(**fields: Any) -> tuple[Bookable, Resource, Resource]:
    """A doctor whose service needs one of two rooms."""
    bookable = make_bookable()
    one, other = make_room(bookable, name="101"), make_room(bookable, name="102")
    require(bookable, one, other, **fields)
    return bookable, one, other


def closed(
    room: Resource, begin: dt.datetime = NINE, end: dt.datetime = NINE + HALF_HOUR, **more: Any
) -> Any:
    facts = {"room_id": room.pk, "starts_at": begin, "ends_at": end, "reason": "lamp", "actor": GUEST}
    return close_room(**{**facts, **more})


# --- changing the room ------------------------------------------------------------------------------------------


def test_a_visit_goes_to_another_room_with_its_set_up(network: NetworkRef) -> None:
    bookable, one, other = house(setup_minutes=10, cleanup_minutes=5)
    visit = book(bookable)
    assert rooms_of(visit) == [one.pk]
    changed = change_room(public_id=visit.public_id, room_id=other.pk, expected_version=1, actor=GUEST)
    assert (rooms_of(changed), changed.version) == ([other.pk], 2)
    claim = changed.claims.get(active=True, resource=other)
    assert (claim.span.lower, claim.span.upper) == (NINE - minutes(10), NINE + minutes(35))
    assert Claim.objects.filter(appointment=visit, active=True, resource__doctor=bookable.doctor).count() == 1
    facts = {"version": 2, "from_room": one.pk, "to_room": other.pk}
    assert AppointmentEvent.objects.get(appointment=visit, kind="room_changed").data == facts
    assert AuditEvent.objects.get(action="booking.room_changed").data == facts
    assert not OutboxEvent.objects.filter(topic="appointment.moved").exists()
    again = change_room(public_id=visit.public_id, room_id=other.pk, actor=GUEST)
    assert again.version == 2
    change_room(public_id=visit.public_id, room_id=one.pk, actor=GUEST)
    assert rooms_of(visit) == [one.pk]


def test_a_room_that_is_taken_closed_or_of_another_kind_is_refused(network: NetworkRef) -> None:
    bookable, one, other = house()
    strange, elsewhere = make_room(bookable, name="Lab"), make_room(make_bookable(), name="Far")
    visit = book(bookable)
    rival = make_bookable(clinic=bookable.clinic)
    require(rival, other)
    taken = book(rival)

    def change(room: Resource, **more: Any) -> Appointment:
        return change_room(**{"public_id": visit.public_id, "room_id": room.pk, "actor": GUEST, **more})

    with pytest.raises(RoomTaken):
        change(other)
    cancel_appointment(public_id=taken.public_id, actor=GUEST, now=NOW)
    closed(other)
    with pytest.raises(RoomClosed):
        change(other)
    for room in (strange, elsewhere):
        with pytest.raises(WrongRoom):
            change(room)
    with pytest.raises(NotFound):
        change_room(public_id=visit.public_id, room_id=0, actor=GUEST)
    with pytest.raises(StaleVersion):
        change(one, expected_version=7)
    with pytest.raises(AppointmentNotFound):
        change(one, public_id="00000000-0000-4000-8000-000000000000")
    assert (rooms_of(visit), Appointment.objects.get(pk=visit.pk).version) == ([one.pk], 1)
    complete_appointment(public_id=visit.public_id, actor=GUEST, now=NINE + HALF_HOUR)
    with pytest.raises(WrongStatus):
        change(other)


def test_a_room_for_another_need_is_not_taken_instead(network: NetworkRef) -> None:
    bookable, one, other = house()
    device, spare = (make_room(bookable, name=name, kind="device") for name in ("Scanner", "Scanner 2"))
    require(bookable, device, spare)
    visit = book(bookable)
    with pytest.raises(WrongRoom):
        change_room(public_id=visit.public_id, room_id=spare.pk, instead_of=one.pk, actor=GUEST)
    with pytest.raises(WrongRoom):
        change_room(public_id=visit.public_id, room_id=device.pk, instead_of=one.pk, actor=GUEST)
    change_room(public_id=visit.public_id, room_id=spare.pk, actor=GUEST)
    assert rooms_of(visit) == sorted([one.pk, spare.pk])
    held = {each.name: [choice.name for choice in each.choices] for each in rooms_held(visit)}
    assert held == {"101": ["102"], "Scanner 2": ["Scanner"]}
    assert other.pk not in rooms_of(visit)


def test_a_visit_leaves_a_room_that_is_out_of_use(network: NetworkRef) -> None:
    bookable, one, other = house()
    visit = book(bookable)
    one.is_active = False
    one.save()
    change_room(public_id=visit.public_id, room_id=other.pk, actor=GUEST)
    with pytest.raises(WrongRoom):
        change_room(public_id=visit.public_id, room_id=one.pk, actor=GUEST)


def test_an_expired_hold_is_not_in_the_way_but_a_live_one_is(network: NetworkRef) -> None:
    bookable, one, other = house()
    rival = make_bookable(clinic=bookable.clinic)
    require(rival, other)
    visit = book(bookable)
    hold = hold_slot(**asked(rival), holder="somebody")
    with pytest.raises(RoomTaken):
        change_room(public_id=visit.public_id, room_id=other.pk, actor=GUEST)
    Claim.objects.filter(hold=hold).update(expires_at=dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
    change_room(public_id=visit.public_id, room_id=other.pk, actor=GUEST)
    assert rooms_of(visit) == [other.pk] != [one.pk]


def test_time_and_room_change_together_or_not_at_all(network: NetworkRef) -> None:
    bookable, one, other = house()
    visit = book(bookable)
    later = NINE + 4 * HALF_HOUR
    facts: dict[str, Any] = {"public_id": visit.public_id, "room_id": other.pk, "actor": GUEST, "now": NOW}
    moved = move_to_room(**facts, starts_at=later, instead_of=one.pk, expected_version=1)
    assert (moved.appointment_date, rooms_of(moved)) == (later, [other.pk])
    closed(one)
    with pytest.raises(RoomClosed):
        move_to_room(**{**facts, "room_id": one.pk}, starts_at=NINE)
    assert Appointment.objects.get(pk=visit.pk).appointment_date == later
    assert rooms_of(visit) == [other.pk]


# --- closing a room ---------------------------------------------------------------------------------------------


def test_nothing_that_needs_a_closed_room_can_be_booked(network: NetworkRef) -> None:
    bookable = make_bookable()
    room = make_room(bookable)
    require(bookable, room, setup_minutes=10)
    block = closed(room, NINE + HALF_HOUR, NINE + 2 * HALF_HOUR).block
    assert (block.kind, block.clinic_id, block.reason) == (ClaimKind.BLOCK, bookable.clinic.pk, "lamp")
    assert shown(bookable)[:2] == ["9:00", "10:30"]
    for at in (NINE + HALF_HOUR, NINE + 2 * HALF_HOUR):  # the second one's set-up would begin in the block
        with pytest.raises(NoRoomFree):
            book(bookable, at)
        with pytest.raises(NoRoomFree):
            book(bookable, at, for_staff=True, source="desk")
        assert explain(**asked(bookable, at)).code == "no_room"
    with pytest.raises(NoRoomFree):
        hold_slot(**asked(bookable, NINE + HALF_HOUR), holder="somebody")
    visit = book(bookable)
    assert rooms_of(visit) == [room.pk]


def test_visits_in_a_room_are_in_the_way_until_they_are_moved(network: NetworkRef) -> None:
    bookable, one, other = house()
    first, second = book(bookable), book(bookable, NINE + HALF_HOUR, patient_id=make_patient().pk)
    with pytest.raises(TimeNotFree) as refused:
        closed(one, NINE, NINE + 2 * HALF_HOUR)
    assert set(refused.value.params["appointments"]) == {str(first.public_id), str(second.public_id)}
    impact = visits_in_room(one.pk, NINE, NINE + 2 * HALF_HOUR)
    assert [(each.visit, each.other.name if each.other else "") for each in impact] == [
        (first, "102"),
        (second, "102"),
    ]
    done = closed(one, NINE, NINE + 2 * HALF_HOUR, move_visits=True)
    assert rooms_of(first) == rooms_of(second) == [other.pk]
    assert [(each.public_id, each.to_room, each.version) for each in done.moved] == [
        (first.public_id, other.pk, 2),
        (second.public_id, other.pk, 2),
    ]
    assert visits_in_room(one.pk, NINE, NINE + 2 * HALF_HOUR) == []


def test_a_room_is_not_closed_over_a_visit_that_has_no_other(network: NetworkRef) -> None:
    bookable, one, other = house()
    visit, stuck = book(bookable), book(bookable, NINE + HALF_HOUR, patient_id=make_patient().pk)
    closed(other, NINE + HALF_HOUR, NINE + 2 * HALF_HOUR)
    [free, none] = visits_in_room(one.pk, NINE, NINE + 2 * HALF_HOUR)
    assert (free.visit, bool(free.other), none.visit, none.other) == (visit, True, stuck, None)
    with pytest.raises(TimeNotFree) as refused:
        closed(one, NINE, NINE + 2 * HALF_HOUR, move_visits=True)
    assert refused.value.params["appointments"] == [str(stuck.public_id)]
    assert rooms_of(visit) == [one.pk]
    assert Claim.objects.filter(kind=ClaimKind.BLOCK, active=True).count() == 1
    with pytest.raises(BadInterval):
        closed(one, NINE, NINE)
    with pytest.raises(NotFound):
        close_room(room_id=0, starts_at=NINE, ends_at=NINE + HALF_HOUR, reason="", actor=GUEST)


def test_a_closed_room_moves_and_blocks_stay_apart(network: NetworkRef) -> None:
    bookable, one, other = house()
    block = closed(one).block
    moved = move_block(
        claim_id=block.pk, resource_id=other.pk, starts_at=NINE, ends_at=NINE + HALF_HOUR, actor=GUEST
    )
    assert (moved.resource_id, moved.reason) == (other.pk, "lamp")
    assert rooms_of(book(bookable)) == [one.pk]
    with pytest.raises(TimeNotFree):
        closed(other)
    with pytest.raises(NotFound):
        block_time(
            resource_id=0, clinic_id=None, starts_at=NINE, ends_at=NINE + HALF_HOUR, reason="", actor=GUEST
        )


def test_an_exception_of_the_room_closes_it_as_well(network: NetworkRef) -> None:
    bookable, _one, other = house()
    ScheduleException.objects.create(
        scope="resource", kind="block", resource=other, start_date=NINE.date(), end_date=NINE.date()
    )
    visit = book(bookable)
    with pytest.raises(RoomClosed):
        change_room(public_id=visit.public_id, room_id=other.pk, actor=GUEST)
    [held] = rooms_held(visit)
    assert [(choice.name, choice.state) for choice in held.choices] == [("102", "closed")]


# --- sessions ---------------------------------------------------------------------------------------------------


def test_a_session_changes_its_room_and_goes_when_it_is_closed(network: NetworkRef) -> None:
    bookable, one, other = house()
    session = session_of(bookable)
    facts: dict[str, Any] = {"session_id": session.public_id, "actor": GUEST, "now": NOW}
    change_session_room(**facts, room_id=other.pk)
    assert [each.name for each in rooms_held(session)] == ["102"]
    done = closed(other, move_visits=True)
    assert [(each.is_session, each.to_room) for each in done.moved] == [(True, one.pk)]
    assert AuditEvent.objects.filter(action="booking.session_room_changed").count() == 2
    with pytest.raises(RoomClosed):
        change_session_room(**facts, room_id=other.pk)
    with pytest.raises(SlotTaken):
        book(bookable)
    with pytest.raises(SessionNotFound):
        change_session_room(**{**facts, "session_id": "00000000-0000-4000-8000-000000000000"}, room_id=one.pk)
    with pytest.raises(SessionOver):
        change_session_room(**{**facts, "now": NINE + 2 * HALF_HOUR}, room_id=one.pk)
