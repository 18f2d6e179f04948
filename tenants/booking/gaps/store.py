"""Stored free time: working windows minus active claims, for doctors only.

Written under the lock of the resource row: in the transaction that changes windows or takes time, and right after
the one that gives time back. Every change is a triple `(resource_id, starts_at, ends_at)`. Overbooked claims lie on
top of others and take no time away; an expired hold is busy until it is swept. Whoever books checks again: a gap is
a hint.
"""

import datetime as dt
from collections.abc import Collection, Iterable
from typing import Any, Final

from django.db import connection, transaction

from saas.networks.context import current_schema, network_context

_COLUMNS: Final = "resource_id, clinic_id, local_date, starts_at, ends_at, window_starts_at"

# What is free in the windows of a set called `touched`. The condition on claims is spelt like the exclusion
# constraint's, so that its index serves.
_FREE: Final = """
    SELECT w.resource_id, w.clinic_id, w.local_date, lower(gap), upper(gap), lower(w.span)
    FROM touched w
    CROSS JOIN LATERAL unnest(tstzmultirange(w.span) - coalesce(
      (SELECT range_agg(c.span) FROM booking_claim c
       WHERE c.resource_id = w.resource_id AND c.active AND NOT c.overbook AND c.span && w.span),
      '{}'::tstzmultirange
    )) AS gap
"""
_WINDOWS: Final = """
    SELECT w.resource_id, w.clinic_id, w.local_date, w.span
    FROM booking_workwindow w JOIN booking_resource r ON r.id = w.resource_id AND r.kind = 'doctor'
"""
# All statements below are of our own texts only.
_REWRITE: Final = f"""
    WITH touched AS MATERIALIZED (
      {_WINDOWS} WHERE w.resource_id = %s AND w.local_date = ANY(%s::date[])
    ), gone AS (
      DELETE FROM booking_freegap WHERE resource_id = %s AND local_date = ANY(%s::date[])
    )
    INSERT INTO booking_freegap ({_COLUMNS}) {_FREE}
"""  # noqa: S608 - see above
# The gaps of a window lie in it; the index on (resource_id, starts_at) finds them.
_REWRITE_AROUND: Final = f"""
    WITH touched AS MATERIALIZED (
      SELECT DISTINCT t.* FROM unnest(%s::bigint[], %s::timestamptz[], %s::timestamptz[]) AS s(id, a, b)
      JOIN ({_WINDOWS}) t ON t.resource_id = s.id AND t.span && tstzrange(s.a, s.b, '[)')
    ), gone AS (
      DELETE FROM booking_freegap g USING touched w
      WHERE g.resource_id = w.resource_id AND g.starts_at >= lower(w.span) AND g.starts_at < upper(w.span)
    ), bumped AS (
      UPDATE booking_resource SET version = version + 1 WHERE id = ANY(%s)
    )
    INSERT INTO booking_freegap ({_COLUMNS}) {_FREE}
"""  # noqa: S608 - see above
# What a claim takes out of gaps that are right is cut out of them: booking need not look at windows and claims again.
# A window is at most a day long, so the index on (resource_id, starts_at) is read for two.
_TAKE: Final = f"""
    WITH bumped AS (
      UPDATE booking_resource SET version = version + 1 WHERE id = ANY(%s)
    ), cut AS (
      DELETE FROM booking_freegap
      WHERE resource_id = %s AND starts_at < %s AND starts_at > %s::timestamptz - interval '2 days' AND ends_at > %s
      RETURNING {_COLUMNS}
    )
    INSERT INTO booking_freegap ({_COLUMNS})
    SELECT resource_id, clinic_id, local_date, starts_at, %s, window_starts_at FROM cut WHERE starts_at < %s
    UNION ALL
    SELECT resource_id, clinic_id, local_date, %s, ends_at, window_starts_at FROM cut WHERE ends_at > %s
"""  # noqa: S608 - see above
# Only what differs is written: a night's new day does not rewrite four hundred others.
_FILL: Final = f"""
    WITH touched AS ({_WINDOWS} WHERE w.resource_id = ANY(%s) AND w.local_date >= %s),
    truth ({_COLUMNS}) AS MATERIALIZED ({_FREE}),
    gone AS (
      DELETE FROM booking_freegap g WHERE g.resource_id = ANY(%s) AND NOT EXISTS (
        SELECT FROM truth t WHERE t.resource_id = g.resource_id AND t.starts_at = g.starts_at
          AND t.ends_at = g.ends_at AND t.clinic_id = g.clinic_id AND t.local_date = g.local_date
          AND t.window_starts_at = g.window_starts_at
      )
    )
    INSERT INTO booking_freegap ({_COLUMNS})
    SELECT {_COLUMNS} FROM truth EXCEPT SELECT {_COLUMNS} FROM booking_freegap WHERE resource_id = ANY(%s)
"""  # noqa: S608 - see above
_LOCK: Final = "SELECT id FROM booking_resource WHERE id = ANY(%s) AND kind = 'doctor' ORDER BY id FOR UPDATE"
_LOCK_ALL: Final = "SELECT id FROM booking_resource WHERE id = ANY(%s) ORDER BY id FOR UPDATE"
_GROW: Final = "UPDATE booking_resource SET version = version + 1 WHERE id = ANY(%s)"
_FORGET: Final = "DELETE FROM booking_freegap WHERE local_date < %s"
# Rows that only one side has, of the sample's resources.
_DRIFT: Final = f"""
    WITH touched AS ({_WINDOWS} WHERE w.resource_id = ANY(%s) AND w.local_date >= %s),
    truth AS ({_FREE}),
    stored AS (SELECT {_COLUMNS} FROM booking_freegap WHERE resource_id = ANY(%s) AND local_date >= %s)
    SELECT DISTINCT resource_id FROM (
      (TABLE truth EXCEPT ALL TABLE stored) UNION ALL (TABLE stored EXCEPT ALL TABLE truth)
    ) AS differing ORDER BY resource_id
"""  # noqa: S608 - see above


def rewrite(resource_id: int, local_dates: Collection[dt.date]) -> None:
    """Write the gaps of a resource on these local dates of its clinics anew, in the caller's transaction.

    The caller holds the lock of the resource row and has written its claims. One statement; nothing for rooms.
    """
    if local_dates:
        dates = sorted(local_dates)
        _execute(_REWRITE, [resource_id, dates, resource_id, dates])


def rewrite_around(changes: Iterable[tuple[int, dt.datetime, dt.datetime]]) -> None:
    """Write the gaps of every window that these changes touch anew, in the caller's transaction. One statement.

    The caller holds the locks of the resource rows and has written the claims. Their versions grow.
    """
    rows = list(changes)
    if rows:
        ids = [row[0] for row in rows]
        _execute(_REWRITE_AROUND, [ids, [row[1] for row in rows], [row[2] for row in rows], ids])


def statement_taking(
    resource_id: int, starts_at: dt.datetime, ends_at: dt.datetime, *, touched: Collection[int]
) -> tuple[str, list[Any]]:
    """Return what cuts one new claim `[starts_at, ends_at)` of a doctor out of the gaps, for a `Batch`.

    The caller holds the locks of `touched`, all resources whose versions grow. What is no doctor has no gaps.
    """
    a, b = starts_at, ends_at
    return _TAKE, [list(touched), resource_id, b, a, a, a, a, b, b]


def version_statement(resource_ids: Collection[int]) -> tuple[str, list[Any]]:
    """Return what lets the versions of locked resources grow where no gap changes, for a `Batch`."""
    return _GROW, [list(resource_ids)]


def rewrite_after_commit(changes: Iterable[tuple[int, dt.datetime, dt.datetime]]) -> None:
    """Write the gaps around time that was given free anew, as soon as the caller's transaction has committed.

    For callers that do not hold the resources' locks and could not take them now without a deadlock. Until then
    the time is merely not found by searches; if the process dies in between, the nightly check finds it.
    """
    rows = list(changes)
    if not rows:
        return
    schema_name = current_schema()

    def after_commit() -> None:
        with network_context(schema_name), transaction.atomic():
            _execute(_LOCK_ALL, [[row[0] for row in rows]])
            rewrite_around(rows)

    transaction.on_commit(after_commit, robust=True)


def fill(resource_ids: Collection[int], *, first: dt.date) -> None:
    """Write all gaps of these resources anew from a local date on; older ones go. In the caller's transaction.

    The caller holds the locks of the resource rows. One statement, however many resources.
    """
    ids = list(resource_ids)
    if ids:
        _execute(_FILL, [ids, first, ids, ids])


def lock(resource_ids: Collection[int]) -> list[int]:
    """Lock those of these resources that are doctors, in the order of ids; return them."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [list(resource_ids)])
        return [row[0] for row in cursor.fetchall()]


def drifted(resource_ids: Collection[int], *, first: dt.date) -> list[int]:
    """Return those of these resources whose gaps from a local date on are not windows minus claims. One query."""
    ids = list(resource_ids)
    with connection.cursor() as cursor:
        cursor.execute(_DRIFT, [ids, first, ids, first])
        return [row[0] for row in cursor.fetchall()]


def forget_before(first: dt.date) -> int:
    """Drop gaps of local dates before this one, which nobody can book; return how many there were."""
    with connection.cursor() as cursor:
        cursor.execute(_FORGET, [first])
        return int(cursor.rowcount)


def _execute(statement: str, params: list[Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
