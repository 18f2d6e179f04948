"""A clinic's day for the tests of the calendar: doctors with visits tomorrow, and the users who look at it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone
from psycopg2.extras import DateTimeTZRange

from tenants.booking.models import Appointment, Claim, ClaimKind, Resource
from tests.factories import Bookable, make_bookable, make_patient

MOSCOW = ZoneInfo("Europe/Moscow")
_numbers = count(1)


@dataclass
class Day:
    """`date` is tomorrow in the clinic; every doctor works from 9 to 17."""

    bookables: list[Bookable]
    date: dt.date
    visits: list[Appointment] = field(default_factory=list)

    @property
    def first(self) -> Bookable:
        return self.bookables[0]

    def at(self, clock: str) -> dt.datetime:
        """The instant of a time of that day."""
        return dt.datetime.combine(self.date, dt.time.fromisoformat(clock), MOSCOW)

    def local(self, clock: str) -> str:
        """The time as the calendar's script writes it."""
        return f"{self.date.isoformat()}T{clock}"

    def query(self, **more: Any) -> dict[str, Any]:
        return {"clinic": self.first.clinic.pk, "date": self.date.isoformat(), **more}


def make_day(*, doctors: int = 1, visits: int = 1, days_ahead: int = 1) -> Day:
    """Doctors of one clinic, each with so many half-hour visits from nine on (at most sixteen)."""
    first = make_bookable()
    bookables = [first, *(make_bookable(clinic=first.clinic) for _ in range(doctors - 1))]
    date = timezone.now().astimezone(MOSCOW).date() + dt.timedelta(days=days_ahead)
    day = Day(bookables=bookables, date=date)
    for bookable in bookables:
        for number in range(visits):
            day.visits.append(put(day, bookable, minutes=9 * 60 + 30 * number))
    return day


def put(day: Day, bookable: Bookable, *, minutes: int, length: int = 30, **fields: Any) -> Appointment:
    """A visit that begins so many minutes after midnight, written without the engine: hundreds are needed."""
    starts_at = day.at("00:00") + dt.timedelta(minutes=minutes)
    ends_at = starts_at + dt.timedelta(minutes=length)
    visit = Appointment.objects.create(
        patient=make_patient(last_name=f"Orlova{next(_numbers)}"),
        doctor=bookable.doctor,
        service=bookable.service,
        clinic=bookable.clinic,
        appointment_date=starts_at,
        ends_at=ends_at,
        time_zone="Europe/Moscow",
        local_start=starts_at.strftime("%Y-%m-%dT%H:%M"),
        price=bookable.service.price,
        currency="RUB",
        source="desk",
        **fields,
    )
    Claim.objects.create(
        resource=Resource.objects.get(doctor=bookable.doctor),
        span=DateTimeTZRange(starts_at, ends_at),
        kind=ClaimKind.BOOKING,
        appointment=visit,
        clinic=bookable.clinic,
    )
    return visit
