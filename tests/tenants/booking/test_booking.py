"""Booking: what is written, what is refused, and in how many queries."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from psycopg2.extras import DateTimeTZRange

from saas.core.errors import DomainError, NotFound
from saas.networks.context import NetworkRef
from tenants.audit.actions import GUEST
from tenants.audit.models import AuditEvent
from tenants.booking.actions import (
    block_time,
    cancel_appointment,
    unblock_time,
)
from tenants.booking.errors import (
    BadInterval,
    BeyondHorizon,
    NotWorking,
    PatientBusy,
    PatientNotFound,
    ServiceNotOffered,
    SlotInPast,
    SlotMisaligned,
    SlotTaken,
    TimeNotFree,
    TooLateToBook,
)
from tenants.booking.models import Appointment, AppointmentEvent, Claim, Resource
from tenants.booking.selectors import explain, free_slots
from tenants.outbox.models import OutboxEvent
from tests.factories import make_bookable, make_clinic, make_doctor, make_patient, make_service
from tests.tenants.booking.helpers import NINE, NOW, UTC, book, set_policy

pytestmark = pytest.mark.django_db

HALF_HOUR = dt.timedelta(minutes=30)


def test_booking_writes_everything_at_once(network: NetworkRef) -> None:
    bookable = make_bookable()
    appointment = book(bookable, notes="  first visit ")
    appointment.refresh_from_db()
    assert (appointment.appointment_date, appointment.ends_at) == (NINE, NINE + HALF_HOUR)
    assert (appointment.local_start, appointment.time_zone) == ("2027-01-12T09:00", "Europe/Moscow")
    assert (appointment.price, appointment.currency) == (Decimal("2500.00"), "RUB")
    assert appointment.policy["cancellation_cutoff_minutes"] == 180
    assert (appointment.status, appointment.version, appointment.notes) == ("scheduled", 1, "first visit")
    claim = appointment.claims.get()
    assert claim.span == DateTimeTZRange(NINE, NINE + HALF_HOUR)
    assert claim.resource.doctor == bookable.doctor
    assert AppointmentEvent.objects.get().kind == "booked"
    assert AuditEvent.objects.filter(action="booking.booked", object_id=str(appointment.pk)).count() == 1
    event = OutboxEvent.objects.get()
    assert event.topic == "appointment.booked"
    assert event.payload == {"appointment": str(appointment.public_id), "version": 1}


def test_booking_takes_few_queries(network: NetworkRef) -> None:
    bookable = make_bookable()
    book(bookable)
    with CaptureQueriesContext(
        connection,
    ) as captured:
        book(bookable, NINE + HALF_HOUR)
    statements = [q["sql"] for q in captured.captured_queries if "SAVEPOINT" not in q["sql"]]
    assert len(statements) <= 7, "\n".join(statements)


def test_slot_is_gone_after_booking(network: NetworkRef) -> None:
    bookable = make_bookable()
    day = dt.date(2027, 1, 12)
    asked: dict[str, Any] = {"doctor_id": bookable.doctor.pk, "service_id": bookable.service.pk, "now": NOW}
    before = free_slots(**asked, start=day, end=day + dt.timedelta(days=1))
    assert len(before) == 16
    assert before[0].starts_at == NINE
    assert before[0].label == "9:00"
    book(bookable)
    after = free_slots(**asked, start=day, end=day + dt.timedelta(days=1))
    assert [slot.starts_at for slot in after] == [slot.starts_at for slot in before[1:]]


def test_taken_slot_is_refused_with_the_three_nearest(network: NetworkRef) -> None:
    bookable = make_bookable()
    at = NINE + 4 * HALF_HOUR
    book(bookable, at)
    with pytest.raises(SlotTaken) as refused:
        book(bookable, at, patient_id=make_patient().pk)
    found = refused.value.params["alternatives"]
    expected = [at - HALF_HOUR, at + HALF_HOUR]
    times = [dt.datetime.fromisoformat(each["starts_at"]) for each in found]
    assert len(times) == 3
    assert set(expected) < set(times)
    assert times == sorted(times)
    assert found[0] | {"starts_at": ""} == {
        "starts_at": "",
        "doctor": bookable.doctor.pk,
        "clinic": bookable.clinic.pk,
        "service": bookable.service.pk,
    }
    assert Appointment.objects.count() == 1
    assert OutboxEvent.objects.count() == 1


@pytest.mark.parametrize(
    ("starts_at", "error"),
    [
        (NOW - dt.timedelta(days=1), SlotInPast),
        (dt.datetime(1, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=3))), SlotInPast),
        (NINE + dt.timedelta(days=90), BeyondHorizon),
        (dt.datetime(9999, 12, 31, 23, 59, tzinfo=UTC), BeyondHorizon),
        (NINE - dt.timedelta(hours=3), NotWorking),
        (NINE + dt.timedelta(minutes=7), SlotMisaligned),
        (NINE + dt.timedelta(hours=7, minutes=45), SlotMisaligned),
        (NINE + dt.timedelta(seconds=1), SlotMisaligned),
    ],
)
def test_bad_time_is_refused_and_writes_nothing(
    network: NetworkRef, starts_at: dt.datetime, error: type[DomainError]
) -> None:
    bookable = make_bookable()
    with pytest.raises(error):
        book(bookable, starts_at)
    verdict = explain(
        doctor_id=bookable.doctor.pk,
        service_id=bookable.service.pk,
        clinic_id=bookable.clinic.pk,
        starts_at=starts_at,
        now=NOW,
    )
    assert not verdict.bookable
    assert verdict.code == error.code
    assert not Appointment.objects.exists()
    assert not Claim.objects.exists()
    assert not OutboxEvent.objects.exists()


def test_time_without_zone_is_a_bad_input(network: NetworkRef) -> None:
    with pytest.raises(ValidationError) as refused:
        book(make_bookable(), dt.datetime(2027, 1, 12, 9, 0))  # noqa: DTZ001 - the case
    assert "starts_at" in refused.value.message_dict


def test_time_in_another_zone_is_the_same_instant(network: NetworkRef) -> None:
    tokyo = dt.timezone(dt.timedelta(hours=9))
    assert book(make_bookable(), NINE.astimezone(tokyo)).local_start == "2027-01-12T09:00"


def test_unknown_parts_are_named(network: NetworkRef) -> None:
    bookable = make_bookable()
    other = make_bookable()
    changes: tuple[tuple[dict[str, Any], str], ...] = (
        ({"doctor_id": 0}, "doctor_unknown"),
        ({"service_id": 0}, "service_unknown"),
        ({"clinic_id": 0}, "clinic_unknown"),
        ({"doctor_id": other.doctor.pk}, "not_offered"),
        ({"service_id": other.service.pk}, "not_offered"),
        ({"clinic_id": other.clinic.pk}, "not_offered"),
    )
    for change, code in changes:
        with pytest.raises(ServiceNotOffered) as refused:
            book(bookable, **change)
        assert refused.value.code == code
    with pytest.raises(PatientNotFound):
        book(bookable, patient_id=0)
    assert not Appointment.objects.exists()


def test_doctor_who_stops_seeing_patients_cannot_be_booked(network: NetworkRef) -> None:
    bookable = make_bookable()
    book(bookable)
    bookable.doctor.is_active = False
    bookable.doctor.save()
    with pytest.raises(ServiceNotOffered) as refused:
        book(bookable, NINE + HALF_HOUR)
    assert refused.value.code == "doctor_unknown"


def test_notes_too_long_or_with_nul(network: NetworkRef) -> None:
    bookable = make_bookable()
    with pytest.raises(ValidationError) as refused:
        book(bookable, notes="x" * 2001)
    assert "notes" in refused.value.message_dict
    assert book(bookable, notes="a\x00b").notes == "ab"


def test_staff_are_not_bound_by_notice_and_horizon(network: NetworkRef) -> None:
    bookable = make_bookable()
    assert book(bookable, NOW + dt.timedelta(hours=1), now=NOW + dt.timedelta(minutes=59), for_staff=True).pk
    assert book(bookable, NINE + dt.timedelta(days=364), for_staff=True).pk
    with pytest.raises(SlotInPast):
        book(bookable, NINE, now=NINE + HALF_HOUR, for_staff=True)


def test_patient_cannot_be_in_two_places(network: NetworkRef) -> None:
    one = make_bookable()
    two = make_bookable(duration_minutes=20)
    first = book(one)
    with pytest.raises(PatientBusy):
        book(two, NINE + dt.timedelta(minutes=20), patient_id=one.patient.pk)
    assert book(two, NINE + dt.timedelta(minutes=40), patient_id=one.patient.pk).pk
    cancel_appointment(public_id=first.public_id, actor=GUEST, now=NOW)
    assert book(two, NINE + dt.timedelta(minutes=20), patient_id=one.patient.pk).pk


def test_raw_overlap_is_refused_by_the_database(network: NetworkRef) -> None:
    appointment = book(make_bookable())
    claim = appointment.claims.get()
    with pytest.raises(IntegrityError) as refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO booking_claim (resource_id, span, kind, active, overbook, reason, created_at)"
            " VALUES (%s, tstzrange(%s, %s, '[)'), 'block', true, false, '', now())",
            [claim.resource_id, NINE + dt.timedelta(minutes=29), NINE + dt.timedelta(minutes=31)],
        )
    assert "booking_claim_no_overlap" in str(refused.value)


def test_adjacent_claims_do_not_overlap(network: NetworkRef) -> None:
    bookable = make_bookable()
    book(bookable)
    assert book(bookable, NINE + HALF_HOUR).pk


def test_expired_hold_gives_way_and_a_live_one_does_not(network: NetworkRef) -> None:
    bookable = make_bookable()
    resource = Resource.objects.get(doctor=bookable.doctor)
    clock = dt.datetime.now(tz=UTC)
    for start, expires_at in ((NINE, clock - HALF_HOUR), (NINE + HALF_HOUR, clock + HALF_HOUR)):
        Claim.objects.create(
            resource=resource,
            span=DateTimeTZRange(start, start + HALF_HOUR),
            kind="hold",
            expires_at=expires_at,
        )
    assert book(bookable).pk
    with pytest.raises(SlotTaken):
        book(bookable, NINE + HALF_HOUR)


def test_notice_is_asked_for_within_working_time(network: NetworkRef) -> None:
    set_policy(minimum_notice_minutes=120)
    bookable = make_bookable()
    soon = NOW + dt.timedelta(minutes=90)
    with pytest.raises(TooLateToBook) as refused:
        book(bookable, soon)
    assert refused.value.params == {"minutes": 120}
    assert book(bookable, soon, for_staff=True).pk


def test_blocked_time_takes_slots_away_and_gives_them_back(network: NetworkRef) -> None:
    bookable = make_bookable()
    asked: dict[str, Any] = {
        "doctor_id": bookable.doctor.pk,
        "service_id": bookable.service.pk,
        "clinic_id": bookable.clinic.pk,
        "starts_at": NINE,
        "now": NOW,
    }
    block = block_time(
        doctor_id=bookable.doctor.pk,
        clinic_id=bookable.clinic.pk,
        starts_at=NINE - HALF_HOUR,
        ends_at=NINE + dt.timedelta(minutes=1),
        reason="conference",
        actor=GUEST,
    )
    assert explain(**asked).code == "blocked"
    with pytest.raises(SlotTaken):
        book(bookable)
    unblock_time(claim_id=block.pk, actor=GUEST)
    assert explain(**asked).bookable
    with pytest.raises(NotFound):
        unblock_time(claim_id=block.pk, actor=GUEST)


def test_time_with_visits_cannot_be_blocked(network: NetworkRef) -> None:
    bookable = make_bookable()
    appointment = book(bookable)
    block: dict[str, Any] = {"doctor_id": bookable.doctor.pk, "clinic_id": None, "reason": "", "actor": GUEST}
    with pytest.raises(TimeNotFree) as refused:
        block_time(**block, starts_at=NINE, ends_at=NINE + HALF_HOUR)
    assert refused.value.params == {"appointments": [str(appointment.public_id)]}
    with pytest.raises(BadInterval):
        block_time(**block, starts_at=NINE, ends_at=NINE)
    with pytest.raises(NotFound):
        block_time(**{**block, "doctor_id": 0}, starts_at=NINE, ends_at=NINE + HALF_HOUR)


def test_doctor_has_a_resource_and_gets_a_lost_one_back(network: NetworkRef) -> None:
    bookable = make_bookable()
    Resource.objects.filter(doctor=bookable.doctor).delete()
    assert book(bookable).pk
    assert Resource.objects.filter(doctor=bookable.doctor).count() == 1


def test_doctor_is_never_open_in_two_clinics_at_once(network: NetworkRef) -> None:
    east = make_clinic(time_zone="Asia/Yekaterinburg")
    west = make_clinic(time_zone="Europe/Moscow")
    doctor = make_doctor(clinics=[east, west])
    service = make_service(doctors=[doctor], clinics=[east, west])
    bookable = make_bookable(clinic=west)
    for clinic, start in ((east, "11:00"), (west, "09:00")):
        doctor.schedules.create(clinic=clinic, day_of_week=1, start_time=start, end_time="12:00")
    facts: dict[str, Any] = {"doctor_id": doctor.pk, "service_id": service.pk}
    assert book(bookable, **facts, clinic_id=east.pk).local_start == "2027-01-12T11:00"
    with pytest.raises(NotWorking):
        book(bookable, **facts, clinic_id=west.pk, patient_id=make_patient().pk)
    later: dict[str, Any] = {"starts_at": NINE + 2 * HALF_HOUR, "patient_id": make_patient().pk}
    assert book(bookable, **facts, **later, clinic_id=west.pk).local_start == "2027-01-12T10:00"


def test_staff_have_a_moment_to_take_the_time_that_was_offered(network: NetworkRef) -> None:
    bookable = make_bookable()
    ids: dict[str, Any] = {"doctor_id": bookable.doctor.pk, "service_id": bookable.service.pk}
    day: dict[str, Any] = {"start": NINE.date(), "end": NINE.date() + dt.timedelta(days=1)}

    def first(now: dt.datetime) -> dt.datetime:
        return free_slots(**ids, **day, now=now, for_staff=True)[0].starts_at

    minute = dt.timedelta(minutes=1)
    assert first(NINE) == NINE
    # What has begun is not offered any more.
    assert first(NINE + dt.timedelta(seconds=1)) == NINE + 30 * minute
    with pytest.raises(SlotInPast):
        book(bookable, now=NINE + minute)  # a patient's notice is another matter
    with pytest.raises(SlotInPast):
        book(bookable, now=NINE + 6 * minute, for_staff=True, source="desk")
    verdict = explain(
        **ids, clinic_id=bookable.clinic.pk, starts_at=NINE, now=NINE + 4 * minute, for_staff=True
    )
    assert verdict.bookable
    assert book(bookable, now=NINE + 4 * minute, for_staff=True, source="desk").pk
