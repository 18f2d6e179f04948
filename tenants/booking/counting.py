"""Counting visits for limits (`BookingCap`), so that two bookings at once cannot both be the last one allowed."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any, Final

from django.db import connection

from tenants.booking.restrictions import CountedCap
from tenants.booking.special import Cap
from tenants.booking.windows.instants import ONE_DAY, day_start

# Every limit is a statement of its own, with only the conditions that it has: the indexes on (doctor, time) and
# (clinic, time) serve. Cancelled visits do not count; times that are held for somebody do, but have no channel.
_VISITS: Final = """
    SELECT %s, (v.appointment_date AT TIME ZONE %s)::date, count(*)
    FROM booking_appointment v
    WHERE v.status <> 'cancelled' AND v.appointment_date >= %s AND v.appointment_date < %s
      AND v.id IS DISTINCT FROM %s
"""
_HOLDS: Final = """
    SELECT %s, (h.starts_at AT TIME ZONE %s)::date, count(*)
    FROM booking_hold h
    WHERE h.expires_at > statement_timestamp() AND h.starts_at >= %s AND h.starts_at < %s
      AND h.id IS DISTINCT FROM %s
      AND EXISTS (SELECT FROM booking_claim c WHERE c.hold_id = h.id AND c.active)
"""
_ANYWHERE: Final = " AND {row}.clinic_id IN (SELECT id FROM clinics_clinic)"
_LOCK: Final = (
    "SELECT id, most FROM booking_bookingcap WHERE id = ANY(%s) AND is_active ORDER BY id FOR NO KEY UPDATE"
)
_OF_PARTS: Final = """
    SELECT id FROM booking_bookingcap
    WHERE is_active AND (doctor_id = ANY(%s) OR doctor_id IS NULL) AND (service_id = ANY(%s) OR service_id IS NULL)
      AND (clinic_id = %s OR clinic_id IS NULL)
    ORDER BY id FOR NO KEY UPDATE
"""


def lock_caps(caps: Sequence[Cap]) -> list[Cap]:
    """Lock limits in id order, after the resources; return those still in force, as they are now. One query.

    Whoever books under a limit waits here for the others, and counts what they have committed.
    """
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [[cap.id for cap in caps]])
        most = dict(cursor.fetchall())
    return [cap._replace(most=most[cap.id]) for cap in caps if cap.id in most]


def lock_caps_of(*, doctor_ids: Collection[int], service_ids: Collection[int], clinic_id: int) -> None:
    """Lock every limit that several visits of one transaction may meet, in id order, after their resources.

    Each visit then finds its own locked: taken one visit at a time they could be met in another order.
    """
    with connection.cursor() as cursor:
        cursor.execute(_OF_PARTS, [list(doctor_ids), list(service_ids), clinic_id])


def count_caps(
    caps: Sequence[Cap],
    *,
    zone: str,
    first: dt.date,
    last: dt.date,
    moving: int | None = None,
    hold_id: int | None = None,
) -> tuple[CountedCap, ...]:
    """Return the limits with the visits of the local dates `[first, last)` of a zone (whole weeks where they matter).

    Local dates are those of the clinic that is asked about, also for visits elsewhere. The visit `moving` and the
    hold `hold_id` do not count. One query; none without limits.
    """
    if not caps:
        return ()
    begin = first - dt.timedelta(days=first.weekday())
    end = last + dt.timedelta(days=7 - (last - ONE_DAY).weekday())
    since, until = day_start(begin, zone), day_start(end, zone)
    parts: list[str] = []
    params: list[Any] = []
    for cap in caps:
        conditions, values = _conditions(cap, "v")
        if cap.channel:
            conditions += " AND v.source = %s"
            values.append(cap.channel)
        parts.append(f"{_VISITS}{conditions} GROUP BY 2")
        params += [cap.id, zone, since, until, moving, *values]
        if not cap.channel:
            conditions, values = _conditions(cap, "h")
            parts.append(f"{_HOLDS}{conditions} GROUP BY 2")
            params += [cap.id, zone, since, until, hold_id, *values]
    counts: dict[int, dict[dt.date, int]] = defaultdict(lambda: defaultdict(int))
    by_id = {cap.id: cap for cap in caps}
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), params)
        for cap_id, day, count in cursor.fetchall():
            counts[cap_id][by_id[cap_id].period_of(day)] += count
    return tuple(CountedCap(cap, counts[cap.id]) for cap in caps)


def _conditions(cap: Cap, row: str) -> tuple[str, list[Any]]:
    conditions, values = "", []
    for column, value in (
        ("doctor_id", cap.doctor_id),
        ("clinic_id", cap.clinic_id),
        ("service_id", cap.service_id),
    ):
        if value is not None:
            conditions += f" AND {row}.{column} = %s"
            values.append(value)
    if cap.doctor_id is None and cap.clinic_id is None:
        conditions += _ANYWHERE.format(row=row)
    return conditions, values
