"""The version of what one doctor's free times are computed from: an ETag that costs one small query."""

import datetime as dt
from typing import Final

from django.db import connection

from tenants.booking.remembering import generation

# Network-wide limits of visits depend on everybody's bookings: then there is no version of one doctor's times.
_VERSION: Final = """
    SELECT r.id, r.version,
           (SELECT coalesce(sum(o.version), 0) FROM booking_resource o WHERE o.id IN (
              SELECT m.resource_id FROM booking_resourcepool_resources m
              JOIN booking_servicerequirement q ON q.pool_id = m.resourcepool_id
              WHERE %s::bigint IS NULL OR q.service_id = %s::bigint)),
           EXISTS (SELECT FROM booking_bookingcap c WHERE c.is_active)
    FROM booking_resource r WHERE r.doctor_id = %s
"""


def availability_version(*, doctor_id: int, service_id: int | None, now: dt.datetime) -> str | None:
    """Return a text that stays the same while the doctor's free times do; None when nobody can tell cheaply.

    It holds for the minute at most: notice, horizon and the end of holds move with the clock. One query.
    """
    with connection.cursor() as cursor:
        cursor.execute(_VERSION, [service_id, service_id, doctor_id])
        row = cursor.fetchone()
    if row is None or row[3]:
        return None
    return f"{row[0]}.{row[1]}.{row[2]}-{generation():.6f}-{int(now.timestamp()) // 60}"
