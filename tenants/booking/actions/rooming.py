"""Changing the room of a visit, and closing a room. Staff only.

Locks: visits, then sessions, each in id order, then rooms in id order, as everywhere.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db import IntegrityError

from saas.core.errors import DomainError, NotFound
from tenants.audit.actions import Actor, record
from tenants.booking.actions.blocking import block_time
from tenants.booking.actions.changing import reschedule_appointment
from tenants.booking.actions.freeing import free_claims
from tenants.booking.actions.logbook import OPEN, locked_appointment
from tenants.booking.actions.placing import Place, Span
from tenants.booking.actions.writing import claim_place
from tenants.booking.errors import BadInterval, TimeNotFree, WrongStatus
from tenants.booking.loading import end_claims, lock_resources, lock_situation
from tenants.booking.models import (
    Appointment,
    AppointmentEvent,
    AppointmentStatus,
    Claim,
    GroupSession,
    Resource,
)
from tenants.booking.place_errors import RoomClosed, RoomTaken, WrongRoom
from tenants.booking.reservation_errors import SessionNotFound, SessionOver
from tenants.booking.selectors.rooms import (
    Occupant,
    RoomState,
    claims_in_room,
    needs_behind,
    occupant_of,
    scope_of_rooms,
    state_in,
)
from tenants.booking.special import Member, Requirement
from tenants.booking.transactions import EXCLUSION_VIOLATION, in_transaction, sqlstate


@dataclass(frozen=True, slots=True)
class ChangedRoom:
    """A visit or session (`is_session`) that went from one room to another; `version` is the visit's, now."""

    public_id: UUID
    is_session: bool
    from_room: int
    to_room: int
    version: int


@dataclass(frozen=True, slots=True)
class ClosedRoom:
    """A room's blocked time, and what was moved to other rooms for it."""

    block: Claim
    moved: tuple[ChangedRoom, ...]


def change_room(
    *,
    public_id: UUID | str,
    room_id: int,
    instead_of: int | None = None,
    expected_version: int | None = None,
    actor: Actor,
) -> Appointment:
    """Let a visit take place in another room, or use another device: its time stays, its version grows.

    `instead_of` says which of its rooms it leaves, when it has several that this one could stand for. A room that it
    has is no change. Locks the visit, then both rooms. Raises AppointmentNotFound, StaleVersion, WrongStatus,
    WrongRoom for one that the service does not need, RoomTaken, RoomClosed, NotFound for an unknown one.
    """

    def work() -> Appointment:
        appointment = locked_appointment(public_id, expected_version=expected_version)
        if appointment.status not in OPEN:
            wanted = str(AppointmentStatus.SCHEDULED)
            raise WrongStatus(params={"status": str(appointment.status), "wanted": wanted})
        left = _exchange(occupant_of(appointment), room_id, instead_of=instead_of)
        if left is not None:
            _note_visit(appointment, from_room=left, to_room=room_id, actor=actor)
        return appointment

    return in_transaction(work)


def change_session_room(
    *, session_id: UUID | str, room_id: int, instead_of: int | None = None, actor: Actor, now: dt.datetime
) -> GroupSession:
    """Let a group session take place in another room. Locks the session, then both rooms.

    Raises SessionNotFound, SessionOver, and about the room what `change_room` raises.
    """

    def work() -> GroupSession:
        session = GroupSession.objects.select_for_update().filter(public_id=session_id).first()
        if session is None:
            raise SessionNotFound
        if session.cancelled_at is not None or session.ends_at <= now:
            raise SessionOver
        left = _exchange(occupant_of(session), room_id, instead_of=instead_of)
        if left is not None:
            _note_session(session, from_room=left, to_room=room_id, actor=actor)
        return session

    return in_transaction(work)


def move_to_room(
    *,
    public_id: UUID | str,
    starts_at: dt.datetime,
    room_id: int,
    instead_of: int | None = None,
    minutes: int | None = None,
    expected_version: int | None = None,
    actor: Actor,
    now: dt.datetime,
) -> Appointment:
    """Move a visit to another time and room in one step: both or nothing. For staff.

    Locks and raises as `reschedule_appointment` and `change_room` do.
    """

    def work() -> Appointment:
        moved = reschedule_appointment(
            public_id=public_id,
            starts_at=starts_at,
            minutes=minutes,
            expected_version=expected_version,
            actor=actor,
            now=now,
            for_staff=True,
        )
        held = set(occupant_of(moved).claims().values_list("resource_id", flat=True))
        return change_room(
            public_id=public_id,
            room_id=room_id,
            instead_of=instead_of if instead_of in held else None,
            actor=actor,
        )

    return in_transaction(work)


def close_room(
    *,
    room_id: int,
    starts_at: dt.datetime,
    ends_at: dt.datetime,
    reason: str,
    move_visits: bool = False,
    actor: Actor,
) -> ClosedRoom:
    """Block `[starts_at, ends_at)` of a room or device. With `move_visits` what is in it goes to other rooms first.

    All of it is done, or nothing. Locks the visits and sessions in the room, then every room that may serve for
    them. Raises BadInterval, NotFound for an unknown room, TimeNotFree for what is in it and has no other room.
    """
    if ends_at <= starts_at:
        raise BadInterval

    def work() -> ClosedRoom:
        room = Resource.objects.filter(pk=room_id, doctor=None).first()
        if room is None:
            raise NotFound(code="room_unknown")
        moved: list[ChangedRoom] = []
        claims = claims_in_room(room_id, starts_at, ends_at)
        if claims.exists():
            if not move_visits:
                raise _not_free(claims)
            moved = _clear(room_id, starts_at, ends_at, actor=actor)
        block = block_time(
            resource_id=room_id,
            clinic_id=room.clinic_id,
            starts_at=starts_at,
            ends_at=ends_at,
            reason=reason,
            actor=actor,
        )
        return ClosedRoom(block=block, moved=tuple(moved))

    return in_transaction(work)


def _clear(room_id: int, starts_at: dt.datetime, ends_at: dt.datetime, *, actor: Actor) -> list[ChangedRoom]:
    """Give everything in the room another one. Raises TimeNotFree when something has none."""
    claims = claims_in_room(room_id, starts_at, ends_at)
    visits = Appointment.objects.filter(claims__in=claims).order_by("pk").select_for_update(of=("self",))
    sessions = GroupSession.objects.filter(claims__in=claims).order_by("pk").select_for_update(of=("self",))
    owners: list[Appointment | GroupSession] = [*visits, *sessions]
    occupants = [occupant_of(owner) for owner in owners]
    # All at once and in order: one visit after the other would lock rooms in any order.
    lock_resources({room_id, *(pk for each in occupants for pk in _could_serve(each))})
    moved: list[ChangedRoom] = []
    stuck: list[str] = []
    for owner, occupant in zip(owners, occupants, strict=True):
        is_open = isinstance(owner, GroupSession) or owner.status in OPEN
        to_room = _into_any(occupant, leaving=room_id) if is_open else None
        if to_room is None:
            stuck.append(str(owner.public_id))
            continue
        if isinstance(owner, GroupSession):
            _note_session(owner, from_room=room_id, to_room=to_room, actor=actor)
        else:
            _note_visit(owner, from_room=room_id, to_room=to_room, actor=actor)
        moved.append(
            ChangedRoom(
                public_id=owner.public_id,
                is_session=isinstance(owner, GroupSession),
                from_room=room_id,
                to_room=to_room,
                version=0 if isinstance(owner, GroupSession) else owner.version,
            )
        )
    if stuck:
        raise TimeNotFree(params={"appointments": stuck})
    return moved


def _could_serve(occupant: Occupant) -> set[int]:
    claims = list(occupant.claims())
    return {
        member.resource_id
        for claim in claims
        for requirement in needs_behind(occupant, claim, kept=())
        for member in occupant.members(requirement)
    }


def _into_any(occupant: Occupant, *, leaving: int) -> int | None:
    """Take the most fitting free room instead of the one that is left; None when no other one is free."""
    claims = list(occupant.claims())
    left = next((claim for claim in claims if claim.resource_id == leaving), None)
    if left is None:
        return None
    kept = {claim.resource_id for claim in claims} - {leaving}
    for requirement in needs_behind(occupant, left, kept=kept):
        for member in occupant.members(requirement):
            if member.resource_id in {leaving, *kept}:
                continue
            try:
                _take(occupant, left, member, requirement)
            except DomainError:
                continue  # taken or closed: the next one is asked
            return member.resource_id
    return None


def _exchange(occupant: Occupant, room_id: int, *, instead_of: int | None) -> int | None:
    """Leave one room for another; return which one was left, None when nothing had to change."""
    claims = list(occupant.claims())
    held = {claim.resource_id for claim in claims}
    if room_id in held:
        if instead_of in {None, room_id}:
            return None
        raise WrongRoom
    for claim in claims:
        if instead_of is not None and claim.resource_id != instead_of:
            continue
        for requirement in needs_behind(occupant, claim, kept=held - {claim.resource_id}):
            for member in occupant.members(requirement):
                if member.resource_id == room_id:
                    _take(occupant, claim, member, requirement)
                    return claim.resource_id
    if not Resource.objects.filter(pk=room_id, doctor=None).exists():
        raise NotFound(code="room_unknown")
    raise WrongRoom


def _take(occupant: Occupant, left: Claim, member: Member, requirement: Requirement) -> None:
    """Claim a room and free the one that is left. Raises RoomTaken, RoomClosed."""
    begin, end = occupant.span(requirement)
    lock_resources({left.resource_id, member.resource_id})
    situation = lock_situation(
        scope_of_rooms([member], begin, end), patient_id=None, moving=occupant.appointment_id, hold_id=None
    )
    if member.resource_id not in situation.in_use:
        raise RoomClosed
    state = state_in(situation, member, begin, end)
    if state is RoomState.CLOSED:
        raise RoomClosed
    if state is RoomState.TAKEN:
        raise RoomTaken
    ended = [each.claim_id for each in situation.ended if each.starts_at < end and begin < each.ends_at]
    if ended:
        end_claims(ended)
    free_claims(Claim.objects.filter(pk=left.pk))
    place = Place(
        spans=(Span(member.resource_id, begin, end),),
        starts_at=occupant.starts_at,
        ends_at=occupant.ends_at,
    )
    try:
        claim_place(
            place,
            clinic_id=occupant.clinic_id,
            appointment_id=occupant.appointment_id,
            session_id=occupant.session_id,
        )
    except IntegrityError as error:
        if sqlstate(error) == EXCLUSION_VIOLATION:
            raise RoomTaken from error
        raise


def _note_visit(appointment: Appointment, *, from_room: int, to_room: int, actor: Actor) -> None:
    """Log and audit. The patient gets no letter: where to go is said when they are called in."""
    appointment.version += 1
    appointment.save(update_fields=["version", "updated_at"])
    facts = {"version": appointment.version, "from_room": from_room, "to_room": to_room}
    AppointmentEvent.objects.create(
        appointment=appointment,
        kind="room_changed",
        from_status=appointment.status,
        to_status=appointment.status,
        actor_kind=actor.kind,
        actor_id=actor.user_id,
        data=facts,
    )
    record("booking.room_changed", actor=actor, on=appointment, data=facts)


def _note_session(session: GroupSession, *, from_room: int, to_room: int, actor: Actor) -> None:
    facts = {"from_room": from_room, "to_room": to_room}
    record("booking.session_room_changed", actor=actor, on=session, data=facts)


def _not_free(claims: Iterable[Claim]) -> TimeNotFree:
    owners = [claim.appointment or claim.session for claim in claims]
    return TimeNotFree(params={"appointments": [str(owner.public_id) for owner in owners if owner]})
