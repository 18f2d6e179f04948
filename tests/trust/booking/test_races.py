"""Nobody is booked twice, however the bookings arrive (reference/trust.md, promises 11 to 13)."""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError, connection
from psycopg2.extras import DateTimeTZRange

from saas.networks.context import NetworkRef
from tenants.audit.actions import GUEST
from tenants.audit.models import AuditEvent
from tenants.booking.actions import block_time, booking, cancel_appointment, placing, reschedule_appointment
from tenants.booking.errors import KeyReused, PatientBusy, SlotTaken, TimeNotFree, WrongStatus
from tenants.booking.idempotency import run_once
from tenants.booking.loading import lock_resources
from tenants.booking.models import Appointment, AppointmentEvent, Claim, IdempotencyKey, Resource
from tenants.booking.transactions import in_transaction
from tenants.outbox.models import OutboxEvent
from tenants.patients.models import Patient
from tests.factories import Bookable, make_bookable, make_service
from tests.tenants.booking.helpers import NINE, NOW, book, set_policy
from tests.trust.booking.racing import count_overlaps, race

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

Job = Callable[[], object]

QUARTER = dt.timedelta(minutes=15)


def patients(count: int) -> list[Patient]:
    return Patient.objects.bulk_create(
        Patient(last_name=f"Rival{n}", first_name="Ann", phone=f"+7916000{n:04d}") for n in range(count)
    )


def kinds(outcomes: list[Any]) -> Counter[str]:
    return Counter(type(each.error).__name__ if each.error else "ok" for each in outcomes)


def half_written() -> int:
    """Appointments that lack their claim, log, audit record or event. A seat's claim is its session's."""
    ids = set(Appointment.objects.filter(session=None).values_list("pk", flat=True))
    return sum(
        len(ids - {int(found) for found in having})
        for having in (
            Claim.objects.filter(appointment__isnull=False).values_list("appointment_id", flat=True),
            AppointmentEvent.objects.values_list("appointment_id", flat=True),
            AuditEvent.objects.filter(action="booking.booked").values_list("object_id", flat=True),
            OutboxEvent.objects.filter(topic="appointment.booked").values_list("aggregate_id", flat=True),
        )
    )


def test_two_hundred_want_one_slot(network: NetworkRef, caplog: pytest.LogCaptureFixture) -> None:
    bookable = make_bookable()
    rivals = patients(200)
    outcomes = race(network, [partial(book, bookable, patient_id=rival.pk) for rival in rivals])
    assert kinds(outcomes) == {"ok": 1, "SlotTaken": 199}
    assert all(
        len(each.error.params["alternatives"]) == 3 for each in outcomes if isinstance(each.error, SlotTaken)
    )
    assert Appointment.objects.count() == Claim.objects.filter(active=True).count() == 1
    assert count_overlaps() == half_written() == 0
    assert "booking_transaction_retried" not in caplog.text
    losers = sorted(each.seconds for each in outcomes if each.error)
    assert losers[-1] < 2.0


def test_visits_of_different_length_never_overlap(network: NetworkRef) -> None:
    set_policy(slot_step_minutes=15)
    bookable = make_bookable()
    services = [
        make_service(doctors=[bookable.doctor], clinics=[bookable.clinic], duration_minutes=minutes)
        for minutes in (20, 45, 75)
    ]
    rivals = patients(150)
    chance = random.Random(7)

    def job(patient: Patient) -> Job:
        service, start = chance.choice(services), NINE + QUARTER * chance.randrange(24)
        return lambda: book(bookable, start, service_id=service.pk, patient_id=patient.pk)

    outcomes = race(network, [job(patient) for patient in rivals])
    found = kinds(outcomes)
    assert set(found) == {"ok", "SlotTaken"}
    assert found["ok"] == Claim.objects.filter(active=True).count()
    assert count_overlaps() == half_written() == 0


def test_booking_moving_cancelling_and_blocking_at_once(network: NetworkRef) -> None:
    bookables = [make_bookable() for _ in range(2)]
    rivals = patients(60)
    chance = random.Random(11)
    mine = [book(bookables[n % 2], NINE + 2 * QUARTER * (n // 2), patient_id=rivals[n].pk) for n in range(16)]

    def job(n: int) -> Job:
        bookable = bookables[n % 2]
        start = NINE + 2 * QUARTER * chance.randrange(16)
        appointment = chance.choice(mine)
        if n % 4 == 0:
            return lambda: book(bookable, start, patient_id=rivals[16 + n % 44].pk)
        if n % 4 == 1:
            return lambda: cancel_appointment(public_id=appointment.public_id, actor=GUEST, now=NOW)
        if n % 4 == 2:
            return lambda: block_time(
                doctor_id=bookable.doctor.pk,
                clinic_id=None,
                starts_at=start,
                ends_at=start + QUARTER,
                reason="",
                actor=GUEST,
            )
        return lambda: reschedule_appointment(
            public_id=appointment.public_id, starts_at=start, actor=GUEST, now=NOW
        )

    outcomes = race(network, [job(n) for n in range(160)])
    allowed = {error.__name__ for error in (SlotTaken, TimeNotFree, WrongStatus, PatientBusy)} | {"ok"}
    assert set(kinds(outcomes)) <= allowed
    assert count_overlaps() == 0
    open_visits = Appointment.objects.filter(status="scheduled")
    for appointment in open_visits:
        claim = appointment.claims.get(active=True)
        assert claim.span == DateTimeTZRange(appointment.appointment_date, appointment.ends_at)
    assert Claim.objects.filter(active=True, kind="booking").count() == open_visits.count()


def test_two_resources_in_any_order_never_deadlock(
    network: NetworkRef, caplog: pytest.LogCaptureFixture
) -> None:
    doctors = [make_bookable().doctor for _ in range(4)]
    resources = list(Resource.objects.filter(doctor__in=doctors).values_list("pk", flat=True))
    chance = random.Random(3)

    def job() -> Job:
        pair = chance.sample(resources, 2)
        start = NINE + QUARTER * chance.randrange(8)

        def work() -> int:
            assert len(lock_resources(pair)) == 2
            span = DateTimeTZRange(start, start + 2 * QUARTER)
            if Claim.objects.filter(resource__in=pair, active=True, span__overlap=span).exists():
                raise SlotTaken
            for resource in pair:
                Claim.objects.create(resource_id=resource, span=span, kind="block")
            return 1

        return lambda: in_transaction(work)

    outcomes = race(network, [job() for _ in range(300)])
    assert set(kinds(outcomes)) == {"ok", "SlotTaken"}
    assert "booking_transaction_retried" not in caplog.text
    assert count_overlaps() == 0


def test_one_patient_in_two_places(network: NetworkRef) -> None:
    bookables = [make_bookable() for _ in range(12)]
    patient = bookables[0].patient
    outcomes = race(network, [partial(book, each, patient_id=patient.pk) for each in bookables])
    assert kinds(outcomes) == {"ok": 1, "PatientBusy": 11}


def _keyed(
    bookable: Bookable, *, fingerprint: str = "same"
) -> Callable[[], tuple[int, dict[str, Any], bool]]:
    def work() -> tuple[int, dict[str, Any]]:
        appointment = book(bookable)
        return 201, {"id": str(appointment.public_id)}

    return lambda: run_once(scope="test:book", key="k-1", fingerprint=fingerprint, work=work)


def test_fifty_equal_keys_are_one_booking(network: NetworkRef) -> None:
    bookable = make_bookable()
    outcomes = race(network, [_keyed(bookable) for _ in range(50)])
    assert kinds(outcomes) == {"ok": 50}
    answers = [each.value for each in outcomes if each.value]
    assert len({(status, body["id"]) for status, body, _replayed in answers}) == 1
    assert Counter(replayed for *_rest, replayed in answers) == {True: 49, False: 1}
    assert Appointment.objects.count() == 1


def test_key_of_another_request_is_refused(network: NetworkRef) -> None:
    bookable = make_bookable()
    _keyed(bookable)()
    with pytest.raises(KeyReused):
        _keyed(bookable, fingerprint="other")()


def test_refused_work_leaves_no_key(network: NetworkRef) -> None:
    bookable = make_bookable()
    book(bookable)
    with pytest.raises(SlotTaken) as refused:
        _keyed(replace(bookable, patient=patients(1)[0]))()
    assert len(refused.value.params["alternatives"]) == 3
    assert not IdempotencyKey.objects.exists()


def test_constraint_alone_stops_whoever_passes_by_the_lock(network: NetworkRef) -> None:
    bookable = make_bookable()
    resource = Resource.objects.get(doctor=bookable.doctor)
    outcomes = race(network, [lambda: _check_then_insert(resource) for _ in range(40)])
    assert set(kinds(outcomes)) <= {"ok", "IntegrityError", "None"}
    assert count_overlaps() == 0
    assert Claim.objects.filter(active=True).count() == 1


def test_negative_control_without_the_constraint_the_harness_sees_double_bookings(
    network: NetworkRef,
) -> None:
    """Were this to fail, the tests above would prove nothing."""
    bookable = make_bookable()
    resource = Resource.objects.get(doctor=bookable.doctor)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE booking_claim DROP CONSTRAINT booking_claim_no_overlap")
    race(network, [lambda: _check_then_insert(resource) for _ in range(40)])
    assert count_overlaps() > 0


def _check_then_insert(resource: Resource) -> Claim | None:
    """What other booking systems do: look, then write."""
    span = DateTimeTZRange(NINE, NINE + QUARTER)
    if Claim.objects.filter(resource=resource, active=True, span__overlap=span).exists():
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(0.05)")
    return Claim.objects.create(resource=resource, span=span, kind="block")


def test_booking_translates_what_the_constraint_refuses(network: NetworkRef) -> None:
    """A claim written past the lock, after the check: still a 409 with alternatives, not a 500."""
    bookable = make_bookable()
    resource = Resource.objects.get(doctor=bookable.doctor)
    with pytest.raises(SlotTaken) as refused:
        _book_while_claimed(bookable, resource)
    assert isinstance(refused.value.__cause__, IntegrityError)
    assert len(refused.value.params["alternatives"]) == 3
    assert not Appointment.objects.exists()


def _book_while_claimed(bookable: Bookable, resource: Resource) -> None:
    def lock_then_be_overtaken(*args: Any, **kwargs: Any) -> placing.Place:
        place = placing.lock_place(*args, **kwargs)
        Claim.objects.filter(kind="block").update(active=True)
        return place

    Claim.objects.create(
        resource=resource, span=DateTimeTZRange(NINE, NINE + QUARTER), kind="block", active=False
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(booking, "lock_place", lock_then_be_overtaken)
        book(bookable)
