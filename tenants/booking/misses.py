"""Unmet demand: what people searched for and found no time. Counts only, nobody's name.

Noting a miss never fails the request that notes it, and one person asking again within the hour counts once.
"""

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

import structlog
from django.core.cache import cache
from django.db import DatabaseError, connection, transaction
from django.db.models import Sum

from tenants.booking.models import SearchMiss
from tenants.doctors.models import DoctorSpecialization

logger = structlog.get_logger(__name__)

ANY_HOUR: Final = -1
SHIFT_HOURS: Final = 4
"""The length of a suggested shift."""
_SAME_PERSON_SECONDS: Final = 3600
_USUAL_START: Final = 9
# Foreign keys are checked at the end of the transaction, which may be somebody else's: what is unknown is not counted.
_UPSERT: Final = """
    INSERT INTO booking_searchmiss (wanted_on, hour, specialization_id, service_id, clinic_id, count)
    SELECT m.*, 1
    FROM (VALUES (%s::date, %s::smallint, %s::bigint, %s::bigint, %s::bigint)) AS m(day, hour, field, service, clinic)
    WHERE (m.field IS NULL OR EXISTS (SELECT FROM doctors_specialization s WHERE s.id = m.field))
      AND (m.service IS NULL OR EXISTS (SELECT FROM services_service s WHERE s.id = m.service))
      AND (m.clinic IS NULL OR EXISTS (SELECT FROM clinics_clinic c WHERE c.id = m.clinic))
    ON CONFLICT (wanted_on, hour, specialization_id, service_id, clinic_id)
    DO UPDATE SET count = booking_searchmiss.count + 1
"""


@dataclass(frozen=True, slots=True)
class Demand:
    """How often nothing was found for a specialization, on a weekday (0 Monday), at a local hour (-1: any)."""

    specialization_id: int | None
    weekday: int
    hour: int
    count: int


@dataclass(frozen=True, slots=True)
class Shift:
    """Hours that would have served most of the demand: `[start_hour, end_hour)` of the clinics' clock."""

    specialization_id: int | None
    weekday: int
    start_hour: int
    end_hour: int
    served: int


def note_miss(
    *,
    wanted_on: dt.date,
    hour: int = ANY_HOUR,
    specialization_id: int | None = None,
    service_id: int | None = None,
    clinic_id: int | None = None,
    doctor_id: int | None = None,
    searcher: str = "",
) -> None:
    """Count a search for a local date (and hour) that found no time. Raises nothing of the database's.

    A search for one doctor counts for the doctor's first specialization. `searcher` is anything that tells people
    apart for an hour (an address, a session): only its hash is kept, in the cache.
    """
    what = f"{wanted_on}:{hour}:{specialization_id}:{service_id}:{clinic_id}:{doctor_id}"
    if searcher:
        digest = sha256(f"{searcher}|{what}".encode()).hexdigest()[:32]
        if not cache.add(f"miss:{digest}", 1, _SAME_PERSON_SECONDS):
            return
    try:
        with transaction.atomic():
            if specialization_id is None and doctor_id is not None:
                specialization_id = _first_specialization(doctor_id)
            with connection.cursor() as cursor:
                cursor.execute(_UPSERT, [wanted_on, hour, specialization_id, service_id, clinic_id])
    except DatabaseError:  # whoever searches has nothing to do with it
        logger.warning("booking_miss_not_noted", exc_info=True)


def unmet_demand(*, since: dt.date, until: dt.date) -> list[Demand]:
    """Return the demand for the local dates `[since, until)`, the largest first. One query."""
    rows = (
        SearchMiss.objects.filter(wanted_on__gte=since, wanted_on__lt=until)
        .values("specialization_id", "wanted_on__iso_week_day", "hour")
        .annotate(total=Sum("count"))
        .order_by("-total", "specialization_id", "wanted_on__iso_week_day", "hour")
    )
    return [
        Demand(
            specialization_id=row["specialization_id"],
            weekday=row["wanted_on__iso_week_day"] - 1,
            hour=row["hour"],
            count=row["total"],
        )
        for row in rows
    ]


def suggested_shifts(demand: list[Demand], *, limit: int = 5) -> list[Shift]:
    """Return the shifts that would have served most people, one for each specialization and weekday. Computes only.

    Searches for any hour are served by any shift of the day; without wanted hours the usual morning is suggested.
    """
    by_day: dict[tuple[int | None, int], dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for each in demand:
        by_day[each.specialization_id, each.weekday][each.hour] += each.count
    shifts = []
    for (specialization_id, weekday), hours in by_day.items():
        start = max(
            range(24 - SHIFT_HOURS + 1),
            key=lambda hour: (_within(hours, hour), -abs(hour - _USUAL_START)),
        )
        shifts.append(
            Shift(
                specialization_id=specialization_id,
                weekday=weekday,
                start_hour=start,
                end_hour=start + SHIFT_HOURS,
                served=_within(hours, start) + hours.get(ANY_HOUR, 0),
            )
        )
    shifts.sort(key=lambda shift: (-shift.served, shift.weekday, shift.start_hour))
    return shifts[:limit]


def _within(hours: dict[int, int], start: int) -> int:
    return sum(hours.get(hour, 0) for hour in range(start, start + SHIFT_HOURS))


def _first_specialization(doctor_id: int) -> int | None:
    links = DoctorSpecialization.objects.filter(doctor=doctor_id).order_by("order", "pk")
    return links.values_list("specialization_id", flat=True).first()
