"""Whose published hours end soon: bookings would otherwise run out without anybody noticing."""

import datetime as dt
from dataclasses import dataclass
from typing import Final

from django.db.models import Exists, Max, OuterRef
from django.utils import timezone

from tenants.audit.actions import record
from tenants.audit.models import AuditEvent
from tenants.booking import topics
from tenants.doctors.models import Doctor, DoctorSchedule, ScheduleState
from tenants.outbox.actions import publish

LEVELS: Final = (7, 14, 30)
"""How many days before the end people are told, each once."""
ALERTED: Final = "schedule.hours_end_alerted"

_STAYS_SHOWN: Final = dt.timedelta(days=30)


@dataclass(frozen=True, slots=True)
class EndingHours:
    """A doctor whose last working day by published hours is `until`; `days_left` is negative when it is over."""

    doctor_id: int
    doctor: str
    until: dt.date
    days_left: int

    @property
    def level(self) -> int:
        """The narrowest of `LEVELS` that has been reached."""
        return next(level for level in LEVELS if self.days_left <= level)


def hours_ending(*, now: dt.datetime) -> list[EndingHours]:
    """Return the doctors who see patients and whose hours end within 30 days or have ended lately, soonest first.

    A doctor with any hours without an end, or published ones that follow, is not among them. One query.
    """
    today = timezone.localdate(now, dt.UTC)
    in_force = DoctorSchedule.objects.filter(
        doctor=OuterRef("pk"), is_active=True, state=ScheduleState.PUBLISHED
    )
    rows = (
        Doctor.objects.filter(
            ~Exists(in_force.filter(valid_until=None)),
            is_active=True,
            schedules__is_active=True,
            schedules__state=ScheduleState.PUBLISHED,
        )
        .annotate(until=Max("schedules__valid_until"))
        .filter(until__lte=today + dt.timedelta(days=LEVELS[-1]), until__gte=today - _STAYS_SHOWN)
        .select_related("user")
        .order_by("until", "pk")
    )
    return [
        EndingHours(
            doctor_id=doctor.pk, doctor=str(doctor), until=doctor.until, days_left=(doctor.until - today).days
        )
        for doctor in rows
    ]


def alert_managers(*, now: dt.datetime) -> int:
    """Publish an event for every doctor who has reached a level since the last time; return how many.

    Each doctor, end and level once, whatever runs twice. Must be in a transaction.
    """
    known = set(
        AuditEvent.objects.filter(
            action=ALERTED, at__gte=now - dt.timedelta(days=2 * LEVELS[-1] + _STAYS_SHOWN.days)
        ).values_list("object_id", "data__until", "data__level")
    )
    fresh = [
        each
        for each in hours_ending(now=now)
        if (str(each.doctor_id), each.until.isoformat(), each.level) not in known
    ]
    for each in fresh:
        facts = {"until": each.until.isoformat(), "level": each.level}
        record(ALERTED, on=Doctor(pk=each.doctor_id), data=facts)
        publish(
            topics.HOURS_END,
            aggregate_type=topics.DOCTOR,
            aggregate_id=str(each.doctor_id),
            version=1,
            payload=facts,
            dedup_key=f"hours_end:{each.doctor_id}:{each.until.isoformat()}:{each.level}",
        )
    return len(fresh)
