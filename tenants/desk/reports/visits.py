"""Counts and money of visits: in all, by day, doctor, service, clinic; lead time, cancellations, new patients."""

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from django.db import connection

from tenants.desk.reports.period import Period
from tenants.doctors.models import Doctor
from tenants.services.models import Service

# One pass over the visits of the period answers five questions. The bounds on the instant let the index on
# (clinic, appointment_date) serve; the text of the promised local time has the last word about the day.
_PERIOD: Final = """
    FROM booking_appointment a
    WHERE a.clinic_id = ANY(%(clinics)s) AND a.appointment_date >= %(since)s AND a.appointment_date < %(until)s
      AND a.local_start >= %(first_text)s AND a.local_start < %(after_text)s
"""
_FIGURES: Final = f"""
    SELECT grouping(a.doctor_id, a.service_id, a.clinic_id, left(a.local_start, 10)),
           a.doctor_id, a.service_id, a.clinic_id, left(a.local_start, 10), a.currency,
           count(*) FILTER (WHERE a.status <> 'cancelled'),
           count(*) FILTER (WHERE a.status = 'completed'),
           count(*) FILTER (WHERE a.status = 'no_show'),
           count(*) FILTER (WHERE a.status = 'cancelled'),
           coalesce(sum(a.price) FILTER (WHERE a.payment_status = 'paid'), 0)
    {_PERIOD}
    GROUP BY GROUPING SETS ((a.currency), (a.currency, a.doctor_id), (a.currency, a.service_id),
                            (a.currency, a.clinic_id), (a.currency, left(a.local_start, 10)))
"""
_LEAD: Final = f"""
    SELECT count(*), percentile_cont(0.5) WITHIN GROUP (ORDER BY lead.days),
           count(*) FILTER (WHERE lead.days < 1), count(*) FILTER (WHERE lead.days >= 1 AND lead.days < 3),
           count(*) FILTER (WHERE lead.days >= 3 AND lead.days < 7),
           count(*) FILTER (WHERE lead.days >= 7 AND lead.days < 14),
           count(*) FILTER (WHERE lead.days >= 14 AND lead.days < 30), count(*) FILTER (WHERE lead.days >= 30)
    FROM (SELECT greatest(extract(epoch FROM a.appointment_date - a.created_at), 0) / 86400 AS days
          {_PERIOD} AND a.status <> 'cancelled' AND a.source NOT IN ('walk_in', 'import')) lead
"""  # noqa: S608 - our own text
_CANCELLED: Final = f"""
    SELECT count(*) FILTER (WHERE c.hours < 3), count(*) FILTER (WHERE c.hours >= 3 AND c.hours < 24),
           count(*) FILTER (WHERE c.hours >= 24 AND c.hours < 72), count(*) FILTER (WHERE c.hours >= 72),
           count(*) FILTER (WHERE c.by_staff), count(*)
    FROM (SELECT extract(epoch FROM a.appointment_date - e.at) / 3600 AS hours, e.by_staff
          FROM (SELECT a.id, a.appointment_date {_PERIOD} AND a.status = 'cancelled') a
          CROSS JOIN LATERAL (
              SELECT e.at, e.actor_kind = 'user' AND EXISTS (
                         SELECT FROM accounts_user u WHERE u.id = e.actor_id AND u.role <> 'patient') AS by_staff
              FROM booking_appointmentevent e
              WHERE e.appointment_id = a.id AND e.kind = 'cancelled' ORDER BY e.id DESC LIMIT 1) e) c
"""  # noqa: S608 - our own text
_PATIENTS: Final = f"""
    SELECT count(*), count(*) FILTER (WHERE NOT EXISTS (
               SELECT FROM booking_appointment e
               WHERE e.patient_id = p.patient_id AND e.appointment_date < p.first_at
                 AND e.status NOT IN ('cancelled', 'no_show')))
    FROM (SELECT a.patient_id, min(a.appointment_date) AS first_at
          {_PERIOD} AND a.status NOT IN ('cancelled', 'no_show') GROUP BY a.patient_id) p
"""  # noqa: S608 - our own text
_TOTAL, _BY_DOCTOR, _BY_SERVICE, _BY_CLINIC, _BY_DAY = 0b1111, 0b0111, 0b1011, 0b1101, 0b1110
_PERCENT: Final = 100


@dataclass(slots=True)
class Figures:
    """Counts of one group; `visits` are all that were not cancelled, `paid` is money by currency."""

    visits: int = 0
    done: int = 0
    no_show: int = 0
    cancelled: int = 0
    paid: dict[str, Decimal] = field(default_factory=dict)

    @property
    def no_show_rate(self) -> int:
        """Percent of the visits whose outcome is known."""
        return _percent(self.no_show, self.no_show + self.done)

    @property
    def cancelled_rate(self) -> int:
        """Percent of everything that was booked."""
        return _percent(self.cancelled, self.visits + self.cancelled)

    def add(self, row: tuple[Any, ...]) -> None:
        currency, visits, done, no_show, cancelled, paid = row
        self.visits += visits
        self.done += done
        self.no_show += no_show
        self.cancelled += cancelled
        if paid:
            self.paid[currency] = self.paid.get(currency, Decimal(0)) + paid


@dataclass(frozen=True, slots=True)
class Named:
    name: str
    figures: Figures


@dataclass(frozen=True, slots=True)
class Lead:
    """How long before the visit it was booked, in days; counts by bucket: <1, 1-2, 3-6, 7-13, 14-29, 30 and more."""

    count: int
    median_days: float
    buckets: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Cancellations:
    """How long before the visit it was cancelled: under 3 hours, under a day, 1-3 days, more; how many by staff."""

    buckets: tuple[int, ...]
    by_staff: int
    known: int


@dataclass(frozen=True, slots=True)
class VisitReport:
    """Everything about visits. Lists are sorted by the number of visits; `days` has every day of the period."""

    total: Figures
    days: list[tuple[dt.date, Figures]]
    doctors: list[Named]
    services: list[Named]
    clinics: list[Named]
    lead: Lead
    cancellations: Cancellations
    patients: int
    new_patients: int

    @property
    def returning_patients(self) -> int:
        return self.patients - self.new_patients


def visit_report(period: Period) -> VisitReport:
    """Return the figures of a period. Six queries, whatever there is."""
    groups: dict[int, dict[Any, Figures]] = defaultdict(lambda: defaultdict(Figures))
    for mask, doctor, service, clinic, day, *row in _rows(_FIGURES, period):
        key = {_BY_DOCTOR: doctor, _BY_SERVICE: service, _BY_CLINIC: clinic, _BY_DAY: day}.get(mask)
        groups[mask][key].add(tuple(row))
    [(count, median, *lead)] = _rows(_LEAD, period)
    [(*cancelled, by_staff, known)] = _rows(_CANCELLED, period)
    [(patients, new_patients)] = _rows(_PATIENTS, period)
    doctors = {
        each.pk: str(each) for each in Doctor.objects.filter(pk__in=groups[_BY_DOCTOR]).select_related("user")
    }
    services = dict(Service.objects.filter(pk__in=groups[_BY_SERVICE]).values_list("pk", "name"))
    clinics: dict[int, str] = {clinic.pk: clinic.name for clinic in period.clinics}
    days = [period.first + dt.timedelta(days=number) for number in range(period.days)]
    return VisitReport(
        total=groups[_TOTAL].get(None, Figures()),
        days=[(day, groups[_BY_DAY].get(day.isoformat(), Figures())) for day in days],
        doctors=_named(groups[_BY_DOCTOR], doctors),
        services=_named(groups[_BY_SERVICE], services),
        clinics=_named(groups[_BY_CLINIC], clinics),
        lead=Lead(count=count, median_days=round(float(median or 0), 1), buckets=tuple(lead)),
        cancellations=Cancellations(buckets=tuple(cancelled), by_staff=by_staff, known=known),
        patients=patients,
        new_patients=new_patients,
    )


def _named(figures: dict[Any, Figures], names: dict[int, str]) -> list[Named]:
    rows = [Named(name=names.get(key, "?"), figures=each) for key, each in figures.items()]
    return sorted(rows, key=lambda row: (-row.figures.visits, row.name))


def _percent(part: int, whole: int) -> int:
    return round(_PERCENT * part / whole) if whole else 0


def _rows(query: str, period: Period) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, period.bounds)
        return list(cursor.fetchall())
