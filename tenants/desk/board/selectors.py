"""Who is called in and who waits, without names: the board hangs where everybody reads it."""

import datetime as dt
from dataclasses import dataclass
from typing import Final

from tenants.booking.models import Appointment, AppointmentStatus
from tenants.clinics.models import Clinic
from tenants.desk.office.day import is_today, rooms_of, ticket_of, today_of

_OPEN: Final = (AppointmentStatus.SCHEDULED, AppointmentStatus.CONFIRMED)
_MOST: Final = 12
_NEW: Final = dt.timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Line:
    """One line: `who` are initials or a number. `is_new`: called in within the last minute."""

    who: str
    room: str
    doctor: str
    is_new: bool


@dataclass(frozen=True, slots=True)
class Board:
    """Called in, the latest first; waiting, in order of their visits."""

    called: list[Line]
    waiting: list[Line]
    more: int


def board_of(clinic: Clinic, *, now: dt.datetime, by_number: bool) -> Board:
    """Return what the board of a clinic shows. Three queries."""
    visits = [
        visit
        for visit in today_of(Appointment.objects.filter(clinic=clinic, status__in=_OPEN), now=now)
        .filter(checked_in_at__isnull=False)
        .select_related("patient", "doctor__user")
        .order_by("appointment_date", "pk")
        if is_today(visit, now)
    ]
    rooms = rooms_of(visits)
    lines = {
        visit.pk: _line(visit, rooms.get(visit.pk, ""), now=now, by_number=by_number) for visit in visits
    }
    called = sorted(
        (visit for visit in visits if visit.in_room_at is not None),
        key=lambda visit: visit.in_room_at or now,
        reverse=True,
    )
    waiting = [visit for visit in visits if visit.in_room_at is None]
    return Board(
        called=[lines[visit.pk] for visit in called[:_MOST]],
        waiting=[lines[visit.pk] for visit in waiting[:_MOST]],
        more=max(0, len(waiting) - _MOST),
    )


def _line(visit: Appointment, room: str, *, now: dt.datetime, by_number: bool) -> Line:
    patient = visit.patient
    initials = "".join(f"{name[0].upper()}." for name in (patient.first_name, patient.last_name) if name)
    doctor = visit.doctor.user
    return Line(
        who=ticket_of(visit) if by_number else initials,
        room=room,
        doctor=f"{doctor.last_name} {doctor.first_name[:1]}.".strip()
        if doctor.first_name
        else doctor.last_name,
        is_new=visit.in_room_at is not None and now - visit.in_room_at < _NEW,
    )
