"""Group sessions as reception and their doctors see them."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.db.models import QuerySet
from django.utils.functional import Promise

from saas.accounts.models import User
from saas.accounts.roles import Role
from tenants.booking.actions.logbook import OPEN
from tenants.booking.models import Appointment, Claim, GroupSession, PaymentStatus
from tenants.booking.reservation_errors import SessionNotFound
from tenants.booking.selectors.sessions import open_sessions
from tenants.clinics.models import Clinic
from tenants.desk.calendar.sheet import State, state_of
from tenants.desk.calendar.steps import STEPS
from tenants.desk.calendar.words import BADGES, STATES

MOST_TARGETS: Final = 60
_GONE: Final = frozenset({State.CANCELLED})
_SHOWN_STEPS: Final = ("approve", "arrived", "called", "done", "confirm", "absent", "left", "refuse")
_FIRST: Final = {
    State.APPROVAL: "approve",
    State.ARRIVED: "called",
    State.IN_ROOM: "done",
}


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session of the list; `rooms` are the names of what it keeps besides the doctor."""

    session: GroupSession
    rooms: str

    @property
    def is_full(self) -> bool:
        return self.session.taken >= self.session.capacity

    @property
    def percent(self) -> int:
        return round(100 * self.session.taken / self.session.capacity)


@dataclass(frozen=True, slots=True)
class SeatStep:
    """One thing that can be done with a seat now."""

    action: str
    label: str | Promise
    icon: str


@dataclass(frozen=True, slots=True)
class SeatRow:
    """A seat of the roster, and what can be done with it."""

    visit: Appointment
    state: State
    steps: list[SeatStep]
    may_pay: bool
    is_open: bool

    @property
    def word(self) -> str | Promise:
        return STATES[self.state]

    @property
    def badge(self) -> str:
        return BADGES[self.state]

    @property
    def is_gone(self) -> bool:
        return self.state in _GONE


def sessions_for(user: User) -> QuerySet[GroupSession]:
    """Return the sessions that this user may see: a doctor their own, other staff all."""
    rows = GroupSession.objects.select_related("doctor__user", "service", "clinic")
    return rows.filter(doctor__user=user) if user.role == Role.DOCTOR else rows


def coming_sessions(*, user: User, clinic: Clinic | None, now: dt.datetime) -> QuerySet[GroupSession]:
    """Return the sessions that are not over, the soonest first."""
    rows = sessions_for(user).filter(cancelled_at=None, ends_at__gt=now)
    return _in_clinic(rows, clinic).order_by("starts_at", "pk")


def past_sessions(*, user: User, clinic: Clinic | None, now: dt.datetime) -> QuerySet[GroupSession]:
    """Return the sessions that are over or cancelled, the latest first."""
    rows = sessions_for(user)
    rows = rows.filter(ends_at__lte=now) | rows.filter(cancelled_at__isnull=False)
    return _in_clinic(rows, clinic).order_by("-starts_at", "-pk")


def rows_of(sessions: Iterable[GroupSession]) -> list[SessionRow]:
    """Return sessions with their rooms. One query, however many."""
    found = list(sessions)
    rooms: dict[int, list[str]] = defaultdict(list)
    claims = Claim.objects.filter(session__in=[each.pk for each in found], active=True, resource__doctor=None)
    for session_id, name in claims.order_by("resource__kind", "resource__name").values_list(
        "session_id", "resource__name"
    ):
        if name:
            rooms[session_id].append(name)
    return [SessionRow(each, ", ".join(rooms[each.pk])) for each in found]


def session_for(user: User, public_id: UUID) -> GroupSession:
    """Return a session that this user may see. Raises SessionNotFound, for a stranger's as well."""
    session = sessions_for(user).filter(public_id=public_id).first()
    if session is None:
        raise SessionNotFound
    return session


def seats_of(session: GroupSession, *, may_change: bool, now: dt.datetime) -> list[SeatRow]:
    """Return who takes part, by name; those who cancelled come last. One query."""
    visits = session.appointments.select_related("patient").order_by(
        "patient__last_name", "patient__first_name", "pk"
    )
    rows = [_seat(visit, may_change=may_change, now=now) for visit in visits]
    return sorted(rows, key=lambda row: row.is_gone)


def visits_to_cancel(session: GroupSession) -> int:
    """Return how many patients still count on the session."""
    return session.appointments.filter(status__in=OPEN).count()


def targets_of(visit: Appointment, *, now: dt.datetime) -> list[SessionRow]:
    """Return the sessions with free seats that a seat can move to, the soonest first. Two queries."""
    rows = open_sessions(service_id=visit.service_id, now=now).exclude(appointments=visit)
    return rows_of(rows[:MOST_TARGETS])


def _in_clinic(rows: QuerySet[GroupSession], clinic: Clinic | None) -> QuerySet[GroupSession]:
    return rows if clinic is None else rows.filter(clinic=clinic)


def _seat(visit: Appointment, *, may_change: bool, now: dt.datetime) -> SeatRow:
    state = state_of(visit)
    steps: list[SeatStep] = []
    if may_change:
        first = _FIRST.get(state, "arrived")
        steps = [
            SeatStep(action=action, label=STEPS[action].label, icon=STEPS[action].icon)
            for action in sorted(_SHOWN_STEPS, key=lambda each: each != first)
            if state in STEPS[action].states
            and (not STEPS[action].after_start or visit.appointment_date <= now)
        ]
    return SeatRow(
        visit=visit,
        state=state,
        steps=steps,
        may_pay=may_change
        and visit.payment_status == PaymentStatus.PENDING
        and state not in {State.CANCELLED, State.NO_SHOW},
        is_open=visit.status in OPEN,
    )
