"""Free time straight from the truth: stored windows minus claims, by PostgreSQL's multiranges, in one statement.

What decides is here without any rule of booking (length, step, notice, rooms). It says nothing that the stored
windows do not know: they are made fresh first. Everything derived from it (`gaps`, the engine's answers) is held
equal to it by tests; for a few dozen doctors it is quick enough to be asked directly.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection
from typing import Final, NamedTuple

from django.db import connection

from tenants.booking.windows.store import windows_of

# The condition on claims is spelt like the exclusion constraint's, so that its index serves.
_FREE: Final = """
    SELECT w.resource_id, w.clinic_id, w.local_date, lower(gap), upper(gap)
    FROM booking_workwindow w
    CROSS JOIN LATERAL unnest(tstzmultirange(w.span) - coalesce(
      (SELECT range_agg(c.span) FROM booking_claim c
       WHERE c.resource_id = w.resource_id AND c.active AND NOT c.overbook AND c.span && w.span
         AND (c.expires_at IS NULL OR c.expires_at > statement_timestamp())),
      '{}'::tstzmultirange
    )) AS gap
    WHERE w.resource_id = ANY(%s) AND w.local_date >= %s AND w.local_date < %s
    ORDER BY w.resource_id, lower(gap)
"""


class FreeInterval(NamedTuple):
    """Working time `[starts_at, ends_at)` with nothing in it, aware UTC instants; `local_date` is the clinic's."""

    clinic_id: int
    local_date: dt.date
    starts_at: dt.datetime
    ends_at: dt.datetime


def free_intervals(
    resource_ids: Collection[int], *, first: dt.date, last: dt.date
) -> dict[int, list[FreeInterval]]:
    """Return what is free in windows of the local dates `[first, last)` by resource, in order; within the horizon.

    Expired holds take no time, nor do overbooked visits. Two queries when the windows are fresh, one of which only
    makes sure that they are.
    """
    windows_of(resource_ids, first=first, last=first)
    found: dict[int, list[FreeInterval]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(_FREE, [list(resource_ids), first, last])
        for resource_id, *interval in cursor.fetchall():
            found[resource_id].append(FreeInterval(*interval))
    return found
