"""Visits whose instant no longer shows the time that was promised: a zone's law changed after they were booked."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from tenants.audit.actions import record
from tenants.audit.models import AuditEvent
from tenants.booking.models import Appointment, AppointmentStatus

DISAGREES: Final = "appointment.clock_disagrees"
"""The audit event that is written once for each visit and promised time."""

_OPEN: Final = (AppointmentStatus.SCHEDULED, AppointmentStatus.CONFIRMED)
_FORMAT: Final = "%Y-%m-%dT%H:%M"


@dataclass(frozen=True, slots=True)
class ClockVisit:
    """A visit that was promised for `local_start` and whose instant shows `shows` on the clinic's clock now.

    `should_start_at` is the instant at which the clock will show the promised time.
    """

    appointment_id: int
    public_id: str
    time_zone: str
    local_start: str
    shows: str
    should_start_at: dt.datetime


def visits_off_their_clock(*, now: dt.datetime) -> list[ClockVisit]:
    """Return the open visits to come whose instant and promised local time disagree, soonest first. One query."""
    return list(_off_their_clock(now))


def note_visits_off_their_clock(*, now: dt.datetime) -> int:
    """Write such visits into the audit log, each once; return how many disagree."""
    found = visits_off_their_clock(now=now)
    known = set(
        AuditEvent.objects.filter(
            action=DISAGREES,
            object_type=Appointment._meta.label_lower,
            object_id__in=[str(each.appointment_id) for each in found],
        ).values_list("object_id", "data__local_start")
    )
    for each in found:
        if (str(each.appointment_id), each.local_start) not in known:
            record(
                DISAGREES,
                on=Appointment(pk=each.appointment_id),
                data={"local_start": each.local_start, "shows": each.shows, "time_zone": each.time_zone},
            )
    return len(found)


def _off_their_clock(now: dt.datetime) -> Iterator[ClockVisit]:
    rows = (
        Appointment.objects.filter(appointment_date__gte=now, status__in=_OPEN)
        .order_by("appointment_date", "pk")
        .values_list("pk", "public_id", "time_zone", "local_start", "appointment_date")
    )
    for pk, public_id, zone, local_start, starts_at in rows.iterator(chunk_size=5000):
        shows = starts_at.astimezone(ZoneInfo(zone)).strftime(_FORMAT)
        if shows != local_start:
            promised = dt.datetime.strptime(local_start, _FORMAT).replace(tzinfo=ZoneInfo(zone))
            yield ClockVisit(
                appointment_id=pk,
                public_id=str(public_id),
                time_zone=zone,
                local_start=local_start,
                shows=shows,
                should_start_at=promised.astimezone(dt.UTC),
            )
