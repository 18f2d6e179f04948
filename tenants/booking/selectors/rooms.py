"""The rooms and devices that visits and group sessions keep, and which others could serve as well."""

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from django.db.models import QuerySet

from tenants.booking.loading import Scope, Situation, read_situation
from tenants.booking.models import Appointment, Claim, ClaimKind, GroupSession, Resource
from tenants.booking.offer_cache import special_of
from tenants.booking.restrictions import Room
from tenants.booking.slots import ONE_DAY, BusyKind, Window
from tenants.booking.special import Member, Requirement
from tenants.clinics.models import Clinic

MOST_SHOWN: Final = 100
"""For so many visits in a room that is to be closed another one is looked for."""


class RoomState(StrEnum):
    FREE = "free"
    TAKEN = "taken"
    CLOSED = "closed"
    """Blocked, or outside of the time in which it can be used."""


@dataclass(frozen=True, slots=True)
class Occupant:
    """What keeps rooms: a visit or a group session, `[starts_at, ends_at)`."""

    doctor_id: int
    service_id: int
    clinic_id: int
    starts_at: dt.datetime
    ends_at: dt.datetime
    appointment_id: int | None = None
    session_id: int | None = None

    def claims(self) -> QuerySet[Claim]:
        """Return its claims on rooms and devices."""
        rows = Claim.objects.filter(active=True, kind=ClaimKind.BOOKING, resource__doctor=None)
        if self.session_id is not None:
            return rows.filter(session=self.session_id).order_by("pk")
        return rows.filter(appointment=self.appointment_id).order_by("pk")

    def members(self, requirement: Requirement) -> list[Member]:
        """Return what may serve for a requirement in its clinic, the most fitting first."""
        return [member for member in requirement.members if member.clinic_id == self.clinic_id]

    def span(self, requirement: Requirement) -> tuple[dt.datetime, dt.datetime]:
        """Return from when until when it needs what the requirement names."""
        return (
            self.starts_at - dt.timedelta(minutes=requirement.setup_minutes),
            self.ends_at + dt.timedelta(minutes=requirement.cleanup_minutes),
        )


@dataclass(frozen=True, slots=True)
class RoomChoice:
    """A room or device that could serve, and whether it is free then."""

    resource_id: int
    name: str
    state: RoomState


@dataclass(frozen=True, slots=True)
class HeldRoom:
    """A room or device that is kept, with those that could serve instead, the most fitting first."""

    resource_id: int
    name: str
    kind: str
    choices: tuple[RoomChoice, ...]


@dataclass(frozen=True, slots=True)
class RoomVisit:
    """A visit or a session in a room that is to be closed; `other` is a room that is free for it, if there is one."""

    visit: Appointment | None
    session: GroupSession | None
    other: RoomChoice | None


def occupant_of(owner: Appointment | GroupSession) -> Occupant:
    if isinstance(owner, GroupSession):
        return Occupant(
            doctor_id=owner.doctor_id,
            service_id=owner.service_id,
            clinic_id=owner.clinic_id,
            starts_at=owner.starts_at,
            ends_at=owner.ends_at,
            session_id=owner.pk,
        )
    return Occupant(
        doctor_id=owner.doctor_id,
        service_id=owner.service_id,
        clinic_id=owner.clinic_id,
        starts_at=owner.appointment_date,
        ends_at=owner.ends_at,
        appointment_id=owner.pk,
    )


def needs_behind(occupant: Occupant, claim: Claim, *, kept: Collection[int]) -> list[Requirement]:
    """Return for which requirements of the service this claim may stand, the likeliest first.

    `kept` are the other rooms that are kept. A room that serves for nothing any more (it is out of use, or was taken
    out of the pool) stands for what no other one serves for. The rules are cached.
    """
    requirements = special_of(doctor_id=occupant.doctor_id, service_id=occupant.service_id).requirements
    serving = {
        requirement.id: {member.resource_id for member in occupant.members(requirement)}
        for requirement in requirements
    }
    own = [each for each in requirements if claim.resource_id in serving[each.id]]
    if own:
        span = (claim.span.lower, claim.span.upper)
        return sorted(own, key=lambda each: occupant.span(each) != span)
    return [each for each in requirements if not serving[each.id].intersection(kept)]


def scope_of_rooms(members: Iterable[Member], starts_at: dt.datetime, ends_at: dt.datetime) -> Scope:
    """Return what decides whether these can be used in `[starts_at, ends_at)`."""
    rows = list(members)
    return Scope(
        resource_ids=sorted({member.resource_id for member in rows}),
        windowed_ids=sorted({member.resource_id for member in rows if member.is_limited}),
        first=starts_at.date() - 2 * ONE_DAY,
        last=ends_at.date() + 2 * ONE_DAY,
        since=starts_at,
        until=ends_at,
    )


def state_in(situation: Situation, member: Member, starts_at: dt.datetime, ends_at: dt.datetime) -> RoomState:
    """Say whether a room can be used in `[starts_at, ends_at)`."""
    windows = None
    if member.is_limited:
        stored = situation.windows.get(member.resource_id, ())
        windows = [Window(window.starts_at, window.ends_at) for window in stored]
    room = Room(member.resource_id, situation.busy(member.resource_id), windows)
    if room.is_free(starts_at, ends_at):
        return RoomState.FREE
    met = room.busy.meeting(starts_at, ends_at)
    return RoomState.CLOSED if met is None or met.kind is BusyKind.BLOCKED else RoomState.TAKEN


def rooms_held(owner: Appointment | GroupSession) -> list[HeldRoom]:
    """Return the rooms and devices that a visit or session keeps, each with what could serve instead.

    One query where it keeps none, else at most four for each.
    """
    occupant = occupant_of(owner)
    claims = list(occupant.claims().select_related("resource"))
    taken = {claim.resource_id for claim in claims}
    return [
        HeldRoom(
            resource_id=claim.resource_id,
            name=str(claim.resource),
            kind=claim.resource.kind,
            choices=tuple(_choices(occupant, claim, kept=taken - {claim.resource_id})),
        )
        for claim in claims
    ]


def visits_in_room(resource_id: int, starts_at: dt.datetime, ends_at: dt.datetime) -> list[RoomVisit]:
    """Return what takes place in a room in `[starts_at, ends_at)`, soonest first, each with a room that is free.

    Another room is looked for for the first `MOST_SHOWN`, without a lock.
    """
    claims = (
        claims_in_room(resource_id, starts_at, ends_at)
        .select_related(
            *("appointment__patient", "appointment__service", "appointment__doctor__user"),
            *("session__service", "session__doctor__user"),
        )
        .order_by("span", "pk")
    )
    found: list[RoomVisit] = []
    for claim in claims:
        owner = claim.appointment or claim.session
        other = None
        if owner is not None and len(found) < MOST_SHOWN:
            other = _other_room(occupant_of(owner), claim)
        found.append(RoomVisit(visit=claim.appointment, session=claim.session, other=other))
    return found


def claims_in_room(resource_id: int, starts_at: dt.datetime, ends_at: dt.datetime) -> QuerySet[Claim]:
    """Return the claims of visits and sessions on a resource in `[starts_at, ends_at)`."""
    return Claim.objects.filter(
        resource=resource_id, active=True, kind=ClaimKind.BOOKING, span__overlap=(starts_at, ends_at)
    )


def rooms_with(clinic: Clinic) -> list[Resource]:
    """Return the rooms and devices of a clinic that are in use, by kind and name."""
    rows = Resource.objects.filter(clinic=clinic, is_active=True, doctor=None)
    return list(rows.order_by("-kind", "name", "pk"))


def _other_room(occupant: Occupant, claim: Claim) -> RoomChoice | None:
    held = set(occupant.claims().exclude(pk=claim.pk).values_list("resource_id", flat=True))
    choices = _choices(occupant, claim, kept=held)
    return next((choice for choice in choices if choice.state is RoomState.FREE), None)


def _choices(occupant: Occupant, claim: Claim, *, kept: Collection[int]) -> list[RoomChoice]:
    wanted = [
        (member, requirement)
        for requirement in needs_behind(occupant, claim, kept=kept)
        for member in occupant.members(requirement)
        if member.resource_id != claim.resource_id and member.resource_id not in kept
    ]
    if not wanted:
        return []
    spans = [occupant.span(requirement) for _member, requirement in wanted]
    situation = read_situation(
        scope_of_rooms(
            [member for member, _requirement in wanted],
            min(span[0] for span in spans),
            max(span[1] for span in spans),
        )
    )
    names = Resource.objects.in_bulk([member.resource_id for member, _requirement in wanted])
    choices: dict[int, RoomChoice] = {}
    for (member, _requirement), span in zip(wanted, spans, strict=True):
        room = names.get(member.resource_id)
        if room is not None and member.resource_id not in choices:
            choices[room.pk] = RoomChoice(room.pk, str(room), state_in(situation, member, *span))
    return list(choices.values())
