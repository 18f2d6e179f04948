"""The version of what one doctor's free times are computed from: what an ETag is made of."""

import datetime as dt
from collections.abc import Collection, Mapping

from django.db import connection

from tenants.booking.special import Special


def version_text(
    special: Special, versions: Mapping[int, int], *, generation: float, now: dt.datetime
) -> str | None:
    """Return a text that stays the same while the doctor's free times do; None when nobody can tell cheaply.

    `versions` are those of the doctor and of every room and device that was looked at. It holds for the minute at
    most: notice, horizon and the end of holds move with the clock. Limits of visits depend on others' bookings: then
    there is no version of one doctor's times; nor is there when the cache, which keeps the generation, is away.
    """
    if special.caps or special.resource_id not in versions or not generation:
        return None
    # Versions only ever grow, so their sum tells every change.
    return f"{special.resource_id}.{sum(versions.values())}-{generation:.6f}-{int(now.timestamp()) // 60}"


def current_versions(resource_ids: Collection[int]) -> dict[int, int]:
    """Return the versions of these resources now; none at all while windows of one are to be computed anew.

    One small query.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, version, kind <> 'doctor' OR windows_until IS NOT NULL FROM booking_resource"
            " WHERE id = ANY(%s)",
            [list(resource_ids)],
        )
        rows = cursor.fetchall()
    return {row[0]: row[1] for row in rows} if all(row[2] for row in rows) else {}
