"""What `--scale` measures inside the database: one doctor's quarter, searches over thousands, one booking."""

from __future__ import annotations

import datetime as dt
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.utils import timezone

from infra.bench.counting import statements
from infra.bench.scale_data import DAYS, Chain
from saas.networks.context import network_context
from tenants.audit.actions import GUEST
from tenants.booking.actions import book_appointment
from tenants.booking.gaps.store import rewrite_around
from tenants.booking.models import Resource
from tenants.booking.selectors import Slot, first_free_by_doctor, first_free_slots, free_slots
from tenants.patients.models import Patient

PAGE = 20
BOOKINGS = 60
_LOOKS = 60
_SEARCHES = 30
_LISTS = 7
_WRITTEN = (
    "booking_claim",
    "booking_appointmentevent",
    "booking_appointment",
    "audit_auditevent",
    "outbox_outboxdelivery",
    "outbox_outboxevent",
)


@dataclass(frozen=True, slots=True)
class Figures:
    """Medians in milliseconds: waiting for the database, and the whole call."""

    select: float
    quarter: float
    quarter_whole: float
    soonest: float
    soonest_whole: float
    each: float
    each_whole: float
    booking: float
    booking_whole: float
    bare_booking: float
    bare_round_trip: float
    statements_of_booking: int

    @property
    def booking_ratio(self) -> float:
        """The booking transaction, from BEGIN to COMMIT as the database is concerned, over the bare inserts."""
        return self.booking / self.bare_booking


def measure(chain: Chain) -> Figures:
    """Take all figures on this network as it is; what was booked is removed again."""
    with network_context(chain.ref):
        now = timezone.now()
        doctors = _sample(chain.doctor_ids, _LOOKS)
        first = chain.today + dt.timedelta(days=1)

        def quarter(turn: int) -> object:
            doctor_id = doctors[turn % len(doctors)]
            return free_slots(
                doctor_id=doctor_id,
                service_id=chain.services[doctor_id],
                start=first,
                end=first + dt.timedelta(days=DAYS),
                now=now,
            )

        def soonest(_turn: int) -> object:
            found = first_free_slots(limit=PAGE, specialization_id=chain.booked_specialization, now=now)
            if len(found) != PAGE:
                message = f"{len(found)} slots found, {PAGE} wanted"
                raise RuntimeError(message)
            return found

        def each(_turn: int) -> object:
            found = first_free_by_doctor(doctor_ids=chain.doctor_ids, now=now)
            if len(found) != len(chain.doctor_ids):
                message = f"{len(found)} of {len(chain.doctor_ids)} doctors have a slot"
                raise RuntimeError(message)
            return found

        select = _timed(_select_one, _LOOKS)[0]
        of_quarter = _timed(quarter, _LOOKS)
        of_soonest = _timed(soonest, _SEARCHES)
        of_each = _timed(each, _LISTS)
        booked = _bookings(chain, now)
    return Figures(
        select=select,
        quarter=of_quarter[0],
        quarter_whole=of_quarter[1],
        soonest=of_soonest[0],
        soonest_whole=of_soonest[1],
        each=of_each[0],
        each_whole=of_each[1],
        booking=statistics.median(one.booking for one in booked),
        booking_whole=statistics.median(one.whole for one in booked),
        bare_booking=statistics.median(one.bare for one in booked),
        bare_round_trip=statistics.median(one.bare_at_once for one in booked),
        statements_of_booking=booked[-1].count,
    )


def _timed(work: Callable[[int], object], times: int) -> tuple[float, float]:
    """Return the medians of database time and whole time of a call, after two that warm the caches."""
    for turn in range(2):
        work(turn)
    waited, whole = [], []
    for turn in range(times):
        begin = time.perf_counter()
        with statements() as seen:
            work(turn)
        whole.append((time.perf_counter() - begin) * 1000)
        waited.append(seen.seconds * 1000)
    return statistics.median(waited), statistics.median(whole)


def _select_one(_turn: int) -> object:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return cursor.fetchone()


@dataclass(frozen=True, slots=True)
class _Booked:
    booking: float
    whole: float
    bare: float
    bare_at_once: float
    count: int


def _bookings(chain: Chain, now: dt.datetime) -> list[_Booked]:
    """Book, remove the rows, insert the same rows bare, remove them again: in turns, so that the machine is fair."""
    patient = Patient.objects.order_by("-pk").first()
    if patient is None:
        raise RuntimeError("there is no patient")
    found = []
    for turn, slot in enumerate(_free(chain, now)):
        with statements() as seen:
            begin = time.perf_counter()
            with transaction.atomic():
                before = time.perf_counter()
                _book(slot, patient, now)
                worked = time.perf_counter() - before
            whole = time.perf_counter() - begin
        # Python's own work between the statements is not the transaction's.
        booking = seen.seconds + (whole - worked)
        rows = _rows_of_latest()
        _remove()
        bare = _bare(rows)
        _remove()
        at_once = _bare_at_once(rows)
        _remove()
        with transaction.atomic():  # the next measurement finds the free time as this one did
            [resource_id] = Resource.objects.filter(doctor=slot.doctor_id).values_list("pk", flat=True)
            rewrite_around([(resource_id, slot.starts_at, slot.ends_at)])
        if turn >= 2:  # noqa: PLR2004 - the first two warm the caches
            found.append(_Booked(booking * 1000, whole * 1000, bare * 1000, at_once * 1000, len(seen)))
    return found


def _free(chain: Chain, now: dt.datetime) -> Iterator[Slot]:
    for doctor_id in _sample(chain.doctor_ids, BOOKINGS):
        start = chain.today + dt.timedelta(days=20)
        slots = free_slots(
            doctor_id=doctor_id,
            service_id=chain.services[doctor_id],
            start=start,
            end=start + dt.timedelta(days=14),
            now=now,
        )
        yield slots[len(slots) // 2]


def _book(slot: Slot, patient: Patient, now: dt.datetime) -> None:
    book_appointment(
        doctor_id=slot.doctor_id,
        service_id=slot.service_id,
        clinic_id=slot.clinic_id,
        starts_at=slot.starts_at,
        patient_id=patient.pk,
        source="site",
        language="ru",
        actor=GUEST,
        now=now,
    )


Rows = list[tuple[str, list[str], list[Any]]]
"""Table, columns and values of each row, in an order that foreign keys allow."""


def _rows_of_latest() -> Rows:
    rows: Rows = []
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(id) FROM booking_appointment")
        [key] = cursor.fetchone()
        cursor.execute("SELECT public_id FROM booking_appointment WHERE id = %s", [key])
        [public_id] = cursor.fetchone()
        marks = {
            "booking_appointment": ("id", key),
            "booking_claim": ("appointment_id", key),
            "booking_appointmentevent": ("appointment_id", key),
            "audit_auditevent": ("object_id", str(public_id)),
            "outbox_outboxevent": ("aggregate_id", str(public_id)),
        }
        for table, (column, value) in marks.items():
            rows += _read(cursor, f"SELECT * FROM {table} WHERE {column} = %s", [value], table)  # noqa: S608 - our names
        events = [values[0] for table, _columns, values in rows if table == "outbox_outboxevent"]
        rows += _read(
            cursor,
            "SELECT * FROM outbox_outboxdelivery WHERE event_id = ANY(%s::uuid[])",
            [events],
            "outbox_outboxdelivery",
        )
    _REMOVING.clear()
    _REMOVING.extend((table, columns[0], values[0]) for table, columns, values in rows)
    return rows


_REMOVING: list[tuple[str, str, Any]] = []


def _read(cursor: CursorWrapper, query: str, params: list[Any], table: str) -> Rows:
    cursor.execute(query, params)
    columns = [column[0] for column in cursor.description]
    kinds = {column[0]: column[1] for column in cursor.description}
    return [
        (table, columns, [_literal(value, kinds[name]) for name, value in zip(columns, row, strict=True)])
        for row in cursor.fetchall()
    ]


_JSONB_OID = 3802


def _literal(value: object, kind: int) -> object:
    """JSON comes as text and goes back as text."""
    return value if kind != _JSONB_OID or value is None else str(value)


def _bare(rows: Rows) -> float:
    """Insert the rows as a plain program would, each by a statement of its own; return the seconds with COMMIT."""
    with connection.cursor() as cursor:
        begin = time.perf_counter()
        with transaction.atomic():
            for statement, values in _inserts(rows):
                cursor.execute(statement, values)
        return time.perf_counter() - begin


def _bare_at_once(rows: Rows) -> float:
    """Insert the rows in one round trip, as the product does."""
    texts, params = [], []
    for statement, values in _inserts(rows):
        texts.append(statement)
        params += values
    with connection.cursor() as cursor:
        begin = time.perf_counter()
        with transaction.atomic():
            cursor.execute(";".join(texts), params)
        return time.perf_counter() - begin


def _inserts(rows: Rows) -> list[tuple[str, list[Any]]]:
    return [(_insert(table, columns), values) for table, columns, values in rows]


def _insert(table: str, columns: list[str]) -> str:
    names = ", ".join(map(connection.ops.quote_name, columns))
    return f"INSERT INTO {table} ({names}) VALUES ({', '.join(['%s'] * len(columns))})"  # noqa: S608 - our names


def _remove() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        for table in _WRITTEN:
            for name, column, value in _REMOVING:
                if name == table:
                    cursor.execute(f"DELETE FROM {table} WHERE {column} = %s", [value])  # noqa: S608 - our names


def _sample(ids: list[int], count: int) -> list[int]:
    """Doctors spread evenly, the same in every run."""
    stride = max(1, len(ids) // count)
    return ids[::stride][:count]
