"""How much of each day of a month is free, over one doctor or many: the colours of a calendar, no promise of a time."""

import calendar
import datetime as dt
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from django.db import connection

from tenants.booking.policy import current_policy
from tenants.booking.slots import ONE_DAY

_HEAT: Final = """
    SELECT g.local_date, sum(extract(epoch FROM g.ends_at - greatest(g.starts_at, %(earliest)s)) / 60)::int,
           count(DISTINCT g.resource_id)
    FROM booking_freegap g
    JOIN booking_resource r ON r.id = g.resource_id AND r.is_active
    JOIN doctors_doctor d ON d.id = r.doctor_id AND d.is_active
    JOIN clinics_clinic c ON c.id = g.clinic_id AND c.is_active
    WHERE g.local_date >= %(first)s AND g.local_date < %(last)s AND g.ends_at > %(earliest)s
      AND g.starts_at >= %(first)s::timestamptz - interval '2 days'
      AND g.starts_at < %(last)s::timestamptz + interval '2 days'
      AND g.ends_at - greatest(g.starts_at, %(earliest)s) >= %(length)s * interval '1 minute'
      AND (%(clinic)s::bigint IS NULL OR g.clinic_id = %(clinic)s::bigint)
      AND (%(doctors)s::bigint[] IS NULL OR r.doctor_id = ANY(%(doctors)s::bigint[]))
      AND (%(specialization)s::bigint IS NULL OR EXISTS (
        SELECT FROM doctors_doctorspecialization s
        WHERE s.doctor_id = d.id AND s.specialization_id = %(specialization)s::bigint))
      AND (%(service)s::bigint IS NULL OR EXISTS (
        SELECT FROM services_service_doctors s WHERE s.doctor_id = d.id AND s.service_id = %(service)s::bigint))
    GROUP BY g.local_date ORDER BY g.local_date
"""


class DayHeat(NamedTuple):
    """The free minutes of a local date in stretches long enough for the visit, and how many doctors have some."""

    local_date: dt.date
    free_minutes: int
    doctors: int


def month_heat(
    *,
    year: int,
    month: int,
    doctor_ids: Iterable[int] | None = None,
    specialization_id: int | None = None,
    service_id: int | None = None,
    clinic_id: int | None = None,
    length_minutes: int = 1,
    now: dt.datetime,
) -> list[DayHeat]:
    """Return every local date of the month, in order, with what is free; nothing before notice or behind the horizon.

    One query. Doctors whose hours have changed a moment ago count with what was stored before.
    """
    first = dt.date(year, month, 1)
    last = first + calendar.monthrange(year, month)[1] * ONE_DAY
    policy = current_policy()
    horizon = now.astimezone(dt.UTC).date() + (policy.horizon_days + 1) * ONE_DAY
    params: dict[str, Any] = {
        "first": first,
        "last": min(last, horizon),
        "earliest": now + dt.timedelta(minutes=policy.minimum_notice_minutes),
        "length": length_minutes,
        "clinic": clinic_id,
        "doctors": None if doctor_ids is None else list(doctor_ids),
        "specialization": specialization_id,
        "service": service_id,
    }
    with connection.cursor() as cursor:
        cursor.execute(_HEAT, params)
        found = {row[0]: DayHeat(*row) for row in cursor.fetchall()}
    days = (first + number * ONE_DAY for number in range((last - first).days))
    return [found.get(day, DayHeat(day, 0, 0)) for day in days]
