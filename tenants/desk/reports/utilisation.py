"""How much of the working time was taken: windows against claims, in true minutes."""

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from django.db import connection

from tenants.booking.models import ResourceKind
from tenants.desk.reports.period import Period

# Windows of a doctor never overlap, nor do claims that were not put on top on purpose, so sums of overlaps are true.
# A room is open when any doctor of its clinic works; its own windows are whole days, which says nothing.
_BY_RESOURCE: Final = """
    WITH work AS (
        SELECT w.resource_id, w.clinic_id, w.local_date, w.span
        FROM booking_workwindow w JOIN booking_resource r ON r.id = w.resource_id AND r.kind = 'doctor'
        WHERE w.clinic_id = ANY(%(clinics)s) AND w.local_date BETWEEN %(first)s AND %(last)s
    ), opened AS (
        SELECT clinic_id, unnest(range_agg(span)) AS span FROM work GROUP BY clinic_id
    ), open AS (
        SELECT resource_id, span FROM work
        UNION ALL
        SELECT r.id, o.span FROM opened o
        JOIN booking_resource r ON r.clinic_id = o.clinic_id AND r.kind <> 'doctor' AND r.is_active
    )
    SELECT r.id, r.kind, coalesce(nullif(r.name, ''), concat_ws(' ', u.last_name, u.first_name)),
           sum(extract(epoch FROM upper(o.span) - lower(o.span))) / 60,
           coalesce(sum(taken.booked), 0) / 60, coalesce(sum(taken.blocked), 0) / 60
    FROM open o
    JOIN booking_resource r ON r.id = o.resource_id
    LEFT JOIN doctors_doctor d ON d.id = r.doctor_id
    LEFT JOIN accounts_user u ON u.id = d.user_id
    LEFT JOIN LATERAL (
        SELECT sum(extract(epoch FROM upper(c.span * o.span) - lower(c.span * o.span)))
                   FILTER (WHERE c.kind = 'booking') AS booked,
               sum(extract(epoch FROM upper(c.span * o.span) - lower(c.span * o.span)))
                   FILTER (WHERE c.kind = 'block') AS blocked
        FROM booking_claim c
        WHERE c.resource_id = o.resource_id AND c.active AND NOT c.overbook AND c.span && o.span
    ) taken ON true
    GROUP BY r.id, r.kind, 3
"""
_BY_HOUR: Final = """
    WITH pieces AS (
        SELECT w.resource_id, z.time_zone, w.span * tstzrange(g.at, g.at + interval '1 hour', '[)') AS span, g.at
        FROM booking_workwindow w
        JOIN booking_resource r ON r.id = w.resource_id AND r.kind = 'doctor'
        JOIN clinics_clinic z ON z.id = w.clinic_id
        CROSS JOIN LATERAL generate_series(
            date_trunc('hour', lower(w.span), z.time_zone), upper(w.span), interval '1 hour') AS g (at)
        WHERE w.clinic_id = ANY(%(clinics)s) AND w.local_date BETWEEN %(first)s AND %(last)s
          AND w.span && tstzrange(g.at, g.at + interval '1 hour', '[)')
    )
    SELECT extract(hour FROM p.at AT TIME ZONE p.time_zone)::int,
           sum(extract(epoch FROM upper(p.span) - lower(p.span))) / 60,
           coalesce(sum(taken.booked), 0) / 60, coalesce(sum(taken.blocked), 0) / 60
    FROM pieces p
    LEFT JOIN LATERAL (
        SELECT sum(extract(epoch FROM upper(c.span * p.span) - lower(c.span * p.span)))
                   FILTER (WHERE c.kind = 'booking') AS booked,
               sum(extract(epoch FROM upper(c.span * p.span) - lower(c.span * p.span)))
                   FILTER (WHERE c.kind = 'block') AS blocked
        FROM booking_claim c
        WHERE c.resource_id = p.resource_id AND c.active AND NOT c.overbook AND c.span && p.span
    ) taken ON true
    GROUP BY 1 ORDER BY 1
"""
_PERCENT: Final = 100


@dataclass(frozen=True, slots=True)
class Use:
    """Minutes of working time, and of them with visits and blocked."""

    name: str
    work: int
    booked: int
    blocked: int

    @property
    def rate(self) -> int:
        """Percent of the time that could be booked which was."""
        bookable = self.work - self.blocked
        return round(_PERCENT * self.booked / bookable) if bookable > 0 else 0

    @property
    def work_hours(self) -> float:
        return round(self.work / 60, 1)

    @property
    def booked_hours(self) -> float:
        return round(self.booked / 60, 1)


@dataclass(frozen=True, slots=True)
class Utilisation:
    """Use of doctors' time in all, by doctor, by room or device, and by hour of the clinics' clocks."""

    total: Use
    doctors: list[Use]
    rooms: list[Use]
    hours: list[Use]


def utilisation(period: Period) -> Utilisation:
    """Return how the time of a period was used. Two queries. Days before windows were kept do not count."""
    by_kind: dict[bool, list[Use]] = defaultdict(list)
    for _pk, kind, name, work, booked, blocked in _rows(_BY_RESOURCE, period):
        by_kind[kind == ResourceKind.DOCTOR].append(_use(name, work, booked, blocked))
    doctors = sorted(by_kind[True], key=lambda use: (-use.rate, use.name))
    return Utilisation(
        total=Use(
            name="",
            work=sum(use.work for use in doctors),
            booked=sum(use.booked for use in doctors),
            blocked=sum(use.blocked for use in doctors),
        ),
        doctors=doctors,
        rooms=sorted(by_kind[False], key=lambda use: (-use.rate, use.name)),
        hours=[_use(f"{hour}:00", *minutes) for hour, *minutes in _rows(_BY_HOUR, period)],
    )


def _use(name: str, work: Decimal, booked: Decimal, blocked: Decimal) -> Use:
    return Use(name=name, work=round(work), booked=round(booked), blocked=round(blocked))


def _rows(query: str, period: Period) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, period.bounds)
        return list(cursor.fetchall())
