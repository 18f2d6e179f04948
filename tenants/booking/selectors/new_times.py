"""New times for a visit that has to move, the best first."""

import datetime as dt
from collections.abc import Iterator
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from tenants.booking.models import Appointment
from tenants.booking.selectors.slots_of_day import free_slots
from tenants.booking.selectors.values import Slot
from tenants.services.offers import offers_for

_NEAR_DAYS: Final = 14
_FAR_DAYS: Final = 60
_MOST_DOCTORS: Final = 10


class Span(NamedTuple):
    """A stretch `[starts_at, ends_at)` of one doctor's time."""

    doctor_id: int
    starts_at: dt.datetime
    ends_at: dt.datetime


def new_times(visit: Appointment, *, keep_clear: Span | None, now: dt.datetime) -> Iterator[Slot]:
    """Yield free times of the visit's length for it: of its doctor within two weeks, of others, of its doctor later.

    Others are those who give the service in the same clinic. Within each, the nearest to the time that was comes
    first; times that would meet `keep_clear` are left out. Each part is only looked up when it is reached.
    """
    for doctor_id, days in ((visit.doctor_id, _NEAR_DAYS), *_others(visit), (visit.doctor_id, _FAR_DAYS)):
        slots = _free(visit, doctor_id, days=days, now=now)
        if keep_clear is not None and keep_clear.doctor_id == doctor_id:
            slots = [
                slot
                for slot in slots
                if slot.ends_at <= keep_clear.starts_at or slot.starts_at >= keep_clear.ends_at
            ]
        yield from sorted(
            slots, key=lambda slot: (abs(slot.starts_at - visit.appointment_date), slot.starts_at)
        )


def _others(visit: Appointment) -> list[tuple[int, int]]:
    offers = offers_for(service_id=visit.service_id, clinic_id=visit.clinic_id)
    doctors = sorted({offer.doctor_id for offer in offers} - {visit.doctor_id})
    return [(doctor_id, _NEAR_DAYS) for doctor_id in doctors[:_MOST_DOCTORS]]


def _free(visit: Appointment, doctor_id: int, *, days: int, now: dt.datetime) -> list[Slot]:
    day = visit.appointment_date.astimezone(ZoneInfo(visit.time_zone)).date()
    return free_slots(
        doctor_id=doctor_id,
        service_id=visit.service_id,
        clinic_id=visit.clinic_id,
        start=max(day - dt.timedelta(days=2), now.astimezone(ZoneInfo(visit.time_zone)).date()),
        end=day + dt.timedelta(days=days),
        now=now + dt.timedelta(hours=2),  # the patient has to have time to answer and to come
        for_staff=True,
    )
