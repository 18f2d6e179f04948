"""One network of a big chain: doctors, clinics and ninety days of visits, made in bulk by PostgreSQL.

The first two weeks of the first specialization are booked solid, everybody's are nine tenths full, the rest of the
quarter is as full as the wanted number of visits makes it. Claims and visits go in with their constraints in force.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import connection, transaction
from django.utils import timezone

from infra.local import progress
from saas.accounts.models import User
from saas.accounts.roles import Role
from saas.networks.context import NetworkRef, network_context
from tenants.booking.gaps.upkeep import rebuild_all
from tenants.booking.models import Resource, ResourceKind
from tenants.booking.remembering import forget
from tenants.clinics.models import Clinic
from tenants.doctors.models import Doctor, DoctorClinic, DoctorSchedule, DoctorSpecialization, Specialization
from tenants.patients.models import Patient
from tenants.services.models import Service
from tests.factories import make_clinic, make_service, make_specialization

DAYS = 90
SLOTS_A_DAY = 16
WORKDAYS = 5
SOLID_DAYS = 14
FULL_PERCENT = 90
PATIENTS_OF_A_DOCTOR = 10
_PORTION = 500
_ZONE = "Europe/Moscow"
_BATCH = 5000

_WINDOWS = """
    INSERT INTO booking_workwindow (resource_id, clinic_id, local_date, span)
    SELECT r.id, l.clinic_id, d::date,
           tstzrange((d::date + h.a) AT TIME ZONE %(zone)s, (d::date + h.b) AT TIME ZONE %(zone)s, '[)')
    FROM booking_resource r JOIN doctors_doctorclinic l ON l.doctor_id = r.doctor_id
    CROSS JOIN generate_series(%(first)s::date, %(last)s::date - 1, interval '1 day') AS d
    CROSS JOIN (VALUES (time '09:00', time '13:00'), (time '14:00', time '18:00')) AS h(a, b)
    WHERE r.id = ANY(%(ids)s) AND extract(isodow FROM d) <= %(workdays)s
    ORDER BY r.id, d, h.a
"""
# Half hours of the windows; which are taken is decided by arithmetic that mixes doctor, day and slot.
_VISITS = """
    WITH wanted AS MATERIALIZED (
      SELECT r.id AS resource_id, r.doctor_id, w.clinic_id, s.at, w.local_date, p.id AS patient_id, sv.id AS service_id
      FROM booking_resource r
      JOIN booking_workwindow w ON w.resource_id = r.id AND w.local_date >= %(today)s AND w.local_date < %(until)s
      CROSS JOIN LATERAL generate_series(lower(w.span), upper(w.span) - interval '30 min', interval '30 min') AS s(at)
      JOIN doctors_doctorspecialization ds ON ds.doctor_id = r.doctor_id
      CROSS JOIN LATERAL (
        SELECT (r.doctor_id * 7919 + (w.local_date - %(today)s) * 7727 + extract(epoch FROM s.at)::bigint / 1800 * 4271)
               %% 1000 AS dice
      ) AS d
      JOIN LATERAL (
        SELECT id FROM patients_patient
        WHERE id = %(patient)s + r.doctor_id %% %(doctors)s * %(each)s + d.dice %% %(each)s
      ) AS p ON true
      JOIN LATERAL (
        SELECT service_id AS id FROM services_service_doctors WHERE doctor_id = r.doctor_id ORDER BY service_id LIMIT 1
      ) AS sv ON true
      WHERE r.id = ANY(%(ids)s) AND d.dice < CASE
        WHEN w.local_date < %(solid)s AND ds.specialization_id = %(booked)s THEN 1000
        WHEN w.local_date < %(solid)s THEN %(full)s * 10 ELSE %(later)s END
      ORDER BY r.id, s.at
    ), visits AS (
      INSERT INTO booking_appointment (
        public_id, patient_id, doctor_id, service_id, clinic_id, appointment_date, ends_at, time_zone, local_start,
        status, payment_status, notes, price, currency, policy, source, language, version, cancel_reason, position,
        awaiting_approval, overbooked, overbook_reason, payment_method, call_outcome, visit_note, created_at, updated_at
      )
      SELECT gen_random_uuid(), patient_id, doctor_id, service_id, clinic_id, at, at + interval '30 min', %(zone)s,
             to_char(at AT TIME ZONE %(zone)s, 'YYYY-MM-DD"T"HH24:MI'), 'scheduled', 'pending', '', 2500, 'RUB', '{}',
             'site', 'ru', 1, '', 0, false, false, '', '', '', '', now(), now()
      FROM wanted
      RETURNING id, doctor_id, clinic_id, appointment_date, ends_at
    )
    INSERT INTO booking_claim (resource_id, span, kind, appointment_id, clinic_id, active, overbook, reason, created_at)
    SELECT r.id, tstzrange(v.appointment_date, v.ends_at, '[)'), 'booking', v.id, v.clinic_id, true, false, '', now()
    FROM visits v JOIN booking_resource r ON r.doctor_id = v.doctor_id
    ORDER BY r.id, v.appointment_date
"""


@dataclass(frozen=True, slots=True)
class Size:
    """How big the data set is; `visits` is what is aimed at, the dice decide the exact number."""

    doctors: int = 10_000
    clinics: int = 25
    specializations: int = 40
    visits: int = 3_000_000


@dataclass(frozen=True, slots=True)
class Chain:
    """The network, ready to be searched."""

    ref: NetworkRef
    size: Size
    doctor_ids: list[int]
    booked_specialization: int
    services: dict[int, int]
    """Doctor id -> the doctor's service of half an hour."""
    visits: int
    gaps: int
    today: dt.date


def build(ref: NetworkRef, size: Size) -> Chain:
    """Fill an empty network. Takes minutes for millions of visits; shows how far it is."""
    today = timezone.now().date()
    with network_context(ref):
        with progress.step(f"{size.doctors} doctors in {size.clinics} clinics"):
            doctor_ids, booked, services = _catalogue(size)
        resources = list(
            Resource.objects.filter(kind=ResourceKind.DOCTOR).order_by("pk").values_list("pk", flat=True)
        )
        first_patient = Patient.objects.order_by("pk").values_list("pk", flat=True)[0]
        last = today + dt.timedelta(days=DAYS + 10)
        facts: dict[str, Any] = {
            "zone": _ZONE,
            "first": today,
            "today": today,
            "until": today + dt.timedelta(days=DAYS),
            "last": last,
            "solid": today + dt.timedelta(days=SOLID_DAYS),
            "workdays": WORKDAYS,
            "patient": first_patient,
            "doctors": size.doctors,
            "each": PATIENTS_OF_A_DOCTOR,
            "booked": booked,
            "full": FULL_PERCENT,
            "later": _later_permille(size),
        }
        for what, statement in (
            ("work windows", _WINDOWS),
            (f"{size.visits} visits with their claims", _VISITS),
        ):
            with progress.step(what):
                _analyse()
                for start in range(0, len(resources), _PORTION):
                    portion = resources[start : start + _PORTION]
                    with transaction.atomic(), connection.cursor() as cursor:
                        cursor.execute("SET LOCAL statement_timeout = 0")
                        cursor.execute(statement, facts | {"ids": portion})
        Resource.objects.update(windows_until=last)
        with progress.step("free gaps"):
            rebuild_all(now=timezone.now())
        with progress.step("statistics"):
            _analyse(vacuum=True)
        forget()
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT (SELECT count(*) FROM booking_appointment), (SELECT count(*) FROM booking_freegap)"
            )
            visits, gaps = cursor.fetchone()
    return Chain(
        ref=ref,
        size=size,
        doctor_ids=doctor_ids,
        booked_specialization=booked,
        services=services,
        visits=visits,
        gaps=gaps,
        today=today,
    )


def _analyse(*, vacuum: bool = False) -> None:
    """Tell the planner what the tables hold; autovacuum would, a little later."""
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
        for (table,) in cursor.fetchall():
            cursor.execute(f"{'VACUUM ' if vacuum else ''}ANALYZE {connection.ops.quote_name(table)}")
        cursor.execute("RESET statement_timeout")


def _later_permille(size: Size) -> int:
    """How full the days after the first two weeks are, in thousandths, to come to the wanted number of visits."""
    days = DAYS * WORKDAYS / 7
    solid_days = SOLID_DAYS * WORKDAYS / 7
    all_slots = size.doctors * SLOTS_A_DAY
    left = size.visits - all_slots * solid_days * FULL_PERCENT / 100
    return max(0, min(1000, round(1000 * left / (all_slots * (days - solid_days)))))


def _catalogue(size: Size) -> tuple[list[int], int, dict[int, int]]:
    clinics: list[Clinic] = [make_clinic(time_zone=_ZONE) for _ in range(size.clinics)]
    fields: list[Specialization] = [make_specialization() for _ in range(size.specializations)]
    short = [make_service(clinics=clinics) for _ in fields]
    long = [make_service(clinics=clinics, duration_minutes=60, price=Decimal(4000)) for _ in fields]
    password = make_password(None)
    users = User.objects.bulk_create(
        [
            User(
                email=f"doctor{number}@chain.example",
                first_name="Anna",
                last_name=f"Sokolova{number}",
                role=Role.DOCTOR,
                is_patient=False,
                password=password,
            )
            for number in range(size.doctors)
        ],
        batch_size=_BATCH,
    )
    doctors = Doctor.objects.bulk_create(
        [Doctor(user=user, slug=f"sokolova-{number}") for number, user in enumerate(users)],
        batch_size=_BATCH,
    )
    Resource.objects.bulk_create(
        [Resource(kind=ResourceKind.DOCTOR, doctor=doctor) for doctor in doctors], batch_size=_BATCH
    )
    DoctorClinic.objects.bulk_create(
        [
            DoctorClinic(doctor=doctor, clinic=clinics[number // len(fields) % len(clinics)])
            for number, doctor in enumerate(doctors)
        ],
        batch_size=_BATCH,
    )
    DoctorSpecialization.objects.bulk_create(
        [
            DoctorSpecialization(doctor=doctor, specialization=fields[number % len(fields)])
            for number, doctor in enumerate(doctors)
        ],
        batch_size=_BATCH,
    )
    gives = Service.doctors.through
    gives.objects.bulk_create(
        [
            gives(service_id=services[number % len(fields)].pk, doctor_id=doctor.pk)
            for number, doctor in enumerate(doctors)
            for services in (short, long)
        ],
        batch_size=_BATCH,
    )
    DoctorSchedule.objects.bulk_create(
        [
            DoctorSchedule(
                doctor=doctor,
                clinic=clinics[number // len(fields) % len(clinics)],
                day_of_week=day,
                start_time=dt.time(start),
                end_time=dt.time(end),
            )
            for number, doctor in enumerate(doctors)
            for day in range(WORKDAYS)
            for start, end in ((9, 13), (14, 18))
        ],
        batch_size=_BATCH,
    )
    Patient.objects.bulk_create(
        [
            Patient(last_name=f"Ivanov{number}", first_name="Pavel", phone=f"+7916{number:07d}")
            for number in range(size.doctors * PATIENTS_OF_A_DOCTOR)
        ],
        batch_size=_BATCH,
    )
    services = {doctor.pk: short[number % len(fields)].pk for number, doctor in enumerate(doctors)}
    return [doctor.pk for doctor in doctors], fields[0].pk, services
