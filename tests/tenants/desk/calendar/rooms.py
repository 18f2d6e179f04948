"""A clinic's day with rooms, for the tests of the calendar's room columns."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils import timezone

from tenants.audit.actions import SYSTEM
from tenants.booking.actions import book_appointment
from tenants.booking.models import Appointment, Resource
from tests.factories import make_patient
from tests.tenants.booking.ruling import make_room, require
from tests.tenants.desk.calendar.world import Day, make_day


@dataclass
class House:
    """A doctor of tomorrow whose service needs one of two rooms; `lab` is a room that serves for nothing."""

    day: Day
    one: Resource
    other: Resource
    lab: Resource

    def book(self, clock: str, last_name: str = "Gromova") -> Appointment:
        """A visit booked by the engine: it takes the first free room."""
        bookable = self.day.first
        return book_appointment(
            doctor_id=bookable.doctor.pk,
            service_id=bookable.service.pk,
            clinic_id=bookable.clinic.pk,
            starts_at=self.day.at(clock),
            patient_id=make_patient(last_name=last_name).pk,
            source="desk",
            language="en",
            actor=SYSTEM,
            now=timezone.now(),
            for_staff=True,
        )


def make_house() -> House:
    day = make_day(visits=0)
    one, other, lab = (make_room(day.first, name=name) for name in ("Room 101", "Room 102", "Lab"))
    require(day.first, one, other)
    return House(day, one, other, lab)
