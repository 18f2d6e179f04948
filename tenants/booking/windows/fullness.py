"""The fullest day or week of what a limit would count."""

import datetime as dt
from collections import Counter
from typing import NamedTuple

from tenants.booking.models import Appointment, AppointmentStatus
from tenants.clinics.models import Clinic
from tenants.doctors.models import Doctor
from tenants.services.models import Service


class Fullest(NamedTuple):
    """The local date of a day, or the Monday of a week, and how many visits it has."""

    first_day: dt.date
    visits: int


def fullest(
    *,
    doctor: Doctor | None,
    clinic: Clinic | None,
    service: Service | None,
    channel: str,
    by_week: bool,
    now: dt.datetime,
) -> Fullest | None:
    """Return the fullest local day (or ISO week) to come of the open visits that match; None without any. One query.

    Empty parties and an empty channel mean any.
    """
    visits = Appointment.objects.filter(
        status__in=(AppointmentStatus.SCHEDULED, AppointmentStatus.CONFIRMED), appointment_date__gte=now
    )
    parties = {"doctor": doctor, "clinic": clinic, "service": service, "source": channel or None}
    visits = visits.filter(**{name: value for name, value in parties.items() if value is not None})
    days = Counter(dt.date.fromisoformat(text[:10]) for text in visits.values_list("local_start", flat=True))
    if by_week:
        weeks: Counter[dt.date] = Counter()
        for day, count in days.items():
            weeks[day - dt.timedelta(days=day.weekday())] += count
        days = weeks
    if not days:
        return None
    day, count = max(days.items(), key=lambda item: (item[1], -item[0].toordinal()))
    return Fullest(first_day=day, visits=count)
