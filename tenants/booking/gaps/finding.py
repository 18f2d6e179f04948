"""The soonest beginnings of visits in stored gaps, for thousands of doctors in one statement.

Decides what windows, claims, step, length, notice and horizon decide; the rest is the engine's (`Wish.is_plain`).
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from django.db import connection

from tenants.booking.gaps.wishes import Wish

# A gap lies in a window, and no window is longer than two days: so far back begins what may still be open.
_FIRST: Final = """
    SELECT w.*, found.at
    FROM unnest(
      %s::int[], %s::bigint[], %s::bigint[], %s::interval[], %s::interval[], %s::float8[],
      %s::timestamptz[], %s::timestamptz[]
    ) AS w(n, resource_id, clinic_id, length, step, step_seconds, earliest, latest)
    CROSS JOIN LATERAL (
      SELECT a.at
      FROM booking_freegap g
      CROSS JOIN LATERAL (
        SELECT g.window_starts_at + w.step * ceil(
          date_part('epoch', greatest(g.starts_at, w.earliest) - g.window_starts_at) / w.step_seconds
        ) AS at
      ) a
      WHERE g.resource_id = w.resource_id AND g.clinic_id = w.clinic_id
        AND g.starts_at > w.earliest - interval '2 days' AND g.starts_at < w.latest
        AND g.ends_at > w.earliest AND a.at + w.length <= g.ends_at AND a.at < w.latest
      ORDER BY g.starts_at LIMIT 1
    ) found
"""
_FIRST_OF_EACH: Final = f"SELECT n, at FROM ({_FIRST}) AS firsts"  # noqa: S608 - our own text
# Nobody outside the page of the soonest firsts can have one of the page's soonest beginnings, and none of these is
# later than the last first of a full page.
_SOONEST: Final = f"""
    WITH firsts AS MATERIALIZED ({_FIRST} ORDER BY found.at, w.n LIMIT %s),
    bound AS MATERIALIZED (SELECT CASE WHEN count(*) = %s THEN max(at) ELSE 'infinity' END AS upto FROM firsts)
    SELECT w.n, more.at
    FROM firsts w CROSS JOIN bound b
    CROSS JOIN LATERAL (
      SELECT s.at
      FROM (
        SELECT g.* FROM booking_freegap g
        WHERE g.resource_id = w.resource_id AND g.clinic_id = w.clinic_id
          AND g.starts_at > w.at - interval '2 days' AND g.starts_at < w.latest AND g.starts_at <= b.upto
          AND g.ends_at > w.at AND g.ends_at - g.starts_at >= w.length
        ORDER BY g.starts_at LIMIT %s
      ) g
      CROSS JOIN LATERAL generate_series(
        g.window_starts_at + w.step * ceil(
          date_part('epoch', greatest(g.starts_at, w.at) - g.window_starts_at) / w.step_seconds
        ),
        least(g.ends_at - w.length, b.upto),
        w.step
      ) AS s(at)
      WHERE s.at < w.latest
      ORDER BY s.at LIMIT %s
    ) more
    ORDER BY more.at, w.n LIMIT %s
"""  # noqa: S608 - our own text


@dataclass(frozen=True, slots=True)
class Sought:
    """A wish with the instants `[earliest, latest)` between which the visit may begin, and the step of its grid."""

    wish: Wish
    step_minutes: int
    earliest: dt.datetime
    latest: dt.datetime


class Candidate(NamedTuple):
    """The visit of `sought[number]` can begin at this instant, as far as gaps can tell."""

    number: int
    starts_at: dt.datetime


def first_of_each(sought: Sequence[Sought]) -> list[Candidate]:
    """Return the earliest beginning for each that has one. One query."""
    return _candidates(_FIRST_OF_EACH, _arrays(sought)) if sought else []


def soonest(sought: Sequence[Sought], *, limit: int) -> list[Candidate]:
    """Return the `limit` earliest beginnings over all, by instant, equals in the order of `sought`. One query."""
    return _candidates(_SOONEST, [*_arrays(sought), *[limit] * 5]) if sought else []


def _arrays(sought: Sequence[Sought]) -> list[str]:
    """Columns as array literals: of a list psycopg2 makes an expression, and parsing thousands takes 60 ms."""
    minutes = [each.step_minutes for each in sought]
    columns: tuple[Iterable[object], ...] = (
        range(len(sought)),
        (each.wish.resource_id for each in sought),
        (each.wish.offer.clinic_id for each in sought),
        (f"{each.wish.offer.duration_minutes} minutes" for each in sought),
        (f"{step} minutes" for step in minutes),
        (step * 60 for step in minutes),
        (each.earliest.isoformat() for each in sought),
        (each.latest.isoformat() for each in sought),
    )
    return [f"{{{','.join(map(str, column))}}}" for column in columns]


def _candidates(statement: str, params: list[Any]) -> list[Candidate]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return [Candidate(*row) for row in cursor.fetchall()]
