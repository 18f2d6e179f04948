"""Free slots and the nearest ones: right in every zone, and in a number of queries that does not grow."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from psycopg2.extras import DateTimeTZRange
from pytest_django import DjangoAssertNumQueries

from saas.networks.context import NetworkRef, network_context
from tenants.booking.gaps.store import rewrite_around
from tenants.booking.models import Claim, Resource
from tenants.booking.selectors import (
    explain,
    explain_no_slots,
    first_free_by_doctor,
    first_free_slots,
    free_slots,
)
from tenants.clinics.models import Clinic
from tenants.doctors.models import Doctor
from tenants.services.models import ServiceOverride
from tests.factories import (
    Bookable,
    make_bookable,
    make_clinic,
    make_doctor,
    make_hours,
    make_service,
    make_specialization,
)
from tests.tenants.booking.helpers import NINE, NOW, UTC, book, set_policy

pytestmark = pytest.mark.django_db

TUESDAY = dt.date(2027, 1, 12)
ONE_DAY = dt.timedelta(days=1)


def asked(bookable: Bookable, **changes: object) -> dict[str, Any]:
    facts = {
        "doctor_id": bookable.doctor.pk,
        "service_id": bookable.service.pk,
        "start": TUESDAY,
        "end": TUESDAY + ONE_DAY,
        "now": NOW,
    }
    return {**facts, **changes}


def make_doctors(count: int) -> tuple[list[Doctor], Clinic]:
    clinic = make_clinic()
    doctors = [make_doctor(clinics=[clinic]) for _ in range(count)]
    make_service(doctors=doctors, clinics=[clinic])
    for doctor in doctors:
        make_hours(doctor=doctor, clinic=clinic)
    return doctors, clinic


def block(doctor: Doctor, days: int) -> None:
    """Make the doctor busy from now on."""
    resource = Resource.objects.get(doctor=doctor)
    until = NOW + days * ONE_DAY
    Claim.objects.create(resource=resource, span=DateTimeTZRange(NOW, until), kind="block")
    rewrite_around([(resource.pk, NOW, until)])


def test_day_and_fortnight_take_one_query(
    network: NetworkRef, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    bookable = make_bookable()
    free_slots(**asked(bookable))
    with django_assert_num_queries(1):
        assert len(free_slots(**asked(bookable))) == 16
    with django_assert_num_queries(1):
        assert len(free_slots(**asked(bookable, end=TUESDAY + 14 * ONE_DAY))) == 14 * 16


def test_days_are_those_of_the_clinic(network: NetworkRef) -> None:
    bookable = make_bookable(time_zone="Pacific/Auckland", windows=[("00:00", "00:30"), ("23:30", "23:59")])
    set_policy(slot_step_minutes=29)
    slots = free_slots(**asked(bookable))
    assert [slot.local_date for slot in slots] == [TUESDAY]
    assert slots[0].starts_at == dt.datetime(2027, 1, 11, 11, 0, tzinfo=UTC)


def test_ranges_that_make_no_sense_are_empty(network: NetworkRef) -> None:
    bookable = make_bookable()
    for changes in (
        {"end": TUESDAY},
        {"end": TUESDAY - ONE_DAY},
        {"start": dt.date.min, "end": dt.date(2026, 1, 1)},
        {"start": dt.date(9999, 12, 30), "end": dt.date.max},
        {"doctor_id": 0},
        {"service_id": 0},
        {"clinic_id": 0},
    ):
        assert free_slots(**asked(bookable, **changes)) == [], changes
    assert free_slots(**asked(bookable, start=dt.date.min, end=dt.date.max))


def test_price_and_length_follow_the_day(network: NetworkRef) -> None:
    bookable = make_bookable()
    ServiceOverride.objects.create(
        service=bookable.service, price=Decimal(100), duration_minutes=60, valid_from=TUESDAY + ONE_DAY
    )
    slots = free_slots(**asked(bookable, end=TUESDAY + 2 * ONE_DAY))
    by_day = {
        day: {(slot.price, slot.ends_at - slot.starts_at) for slot in slots if slot.local_date == day}
        for day in (TUESDAY, TUESDAY + ONE_DAY)
    }
    assert by_day[TUESDAY] == {(Decimal("2500.00"), dt.timedelta(minutes=30))}
    assert by_day[TUESDAY + ONE_DAY] == {(Decimal(100), dt.timedelta(minutes=60))}
    assert book(bookable, NINE + ONE_DAY).price == 100


def test_every_slot_shown_can_be_booked(network: NetworkRef) -> None:
    set_policy(slot_step_minutes=20)
    bookable = make_bookable(windows=[("09:00", "10:30"), ("11:00", "12:10")])
    shown = free_slots(**asked(bookable))
    assert [slot.label for slot in shown] == ["9:00", "9:20", "9:40", "10:00", "11:00", "11:20", "11:40"]
    for slot in shown:
        verdict = explain(
            doctor_id=slot.doctor_id,
            service_id=slot.service_id,
            clinic_id=slot.clinic_id,
            starts_at=slot.starts_at,
            now=NOW,
        )
        assert verdict.bookable
        assert verdict.code == "bookable"


def test_change_of_the_catalogue_is_seen_at_once(network: NetworkRef) -> None:
    bookable = make_bookable()
    assert free_slots(**asked(bookable))
    bookable.service.duration_minutes = 60
    bookable.service.save()
    assert len(free_slots(**asked(bookable))) == 8
    set_policy(slot_step_minutes=30)
    assert len(free_slots(**asked(bookable))) == 15
    bookable.service.doctors.remove(bookable.doctor)
    assert free_slots(**asked(bookable)) == []


def test_first_free_of_many_doctors(network: NetworkRef) -> None:
    doctors, clinic = make_doctors(3)
    busy_for_long, busy_today, _free = doctors
    block(busy_for_long, 10)
    block(busy_today, 1)
    found = first_free_by_doctor(doctor_ids=[doctor.pk for doctor in doctors], now=NOW)
    assert {doctor_id: slot.local_date for doctor_id, slot in found.items()} == {
        busy_for_long.pk: dt.date(2027, 1, 21),
        busy_today.pk: TUESDAY,
        doctors[2].pk: dt.date(2027, 1, 11),
    }
    assert found[doctors[2].pk].starts_at == NOW + dt.timedelta(hours=1)
    assert {slot.clinic_id for slot in found.values()} == {clinic.pk}
    block(doctors[2], 40)
    soon = first_free_by_doctor(doctor_ids=[doctor.pk for doctor in doctors], now=NOW, days=5)
    assert set(soon) == {busy_today.pk}
    assert first_free_by_doctor(doctor_ids=[], now=NOW) == {}


def test_queries_do_not_grow_with_doctors(network: NetworkRef) -> None:
    doctors, _clinic = make_doctors(24)
    counts = []
    for some in (doctors[:1], doctors):
        first_free_by_doctor(
            doctor_ids=[doctor.pk for doctor in some], now=NOW
        )  # reads the catalogue, builds windows
        with CaptureQueriesContext(connection) as captured:
            assert len(first_free_by_doctor(doctor_ids=[doctor.pk for doctor in some], now=NOW)) == len(some)
        counts.append(len(captured))
    assert counts == [2, 2]


def test_soonest_slots_over_all_doctors(network: NetworkRef) -> None:
    doctors, clinic = make_doctors(3)
    block(doctors[0], 3)
    slots = first_free_slots(limit=5, now=NOW)
    assert len(slots) == 5
    assert [slot.starts_at for slot in slots] == sorted(slot.starts_at for slot in slots)
    assert {slot.doctor_id for slot in slots} == {doctors[1].pk, doctors[2].pk}
    heart = make_specialization()
    doctors[0].specialization_links.create(specialization=heart)
    assert {slot.doctor_id for slot in first_free_slots(limit=2, specialization_id=heart.pk, now=NOW)} == {
        doctors[0].pk
    }
    assert first_free_slots(limit=2, clinic_id=clinic.pk, now=NOW)
    assert first_free_slots(limit=2, clinic_id=0, now=NOW) == []
    assert first_free_slots(limit=2, specialization_id=make_specialization().pk, now=NOW) == []


def test_shortest_service_stands_for_a_doctor(network: NetworkRef) -> None:
    bookable = make_bookable()
    short = make_service(doctors=[bookable.doctor], clinics=[bookable.clinic], duration_minutes=15)
    found = first_free_by_doctor(doctor_ids=[bookable.doctor.pk], now=NOW)
    assert found[bookable.doctor.pk].service_id == short.pk
    only = first_free_by_doctor(doctor_ids=[bookable.doctor.pk], service_id=bookable.service.pk, now=NOW)
    assert only[bookable.doctor.pk].service_id == bookable.service.pk


def test_why_nobody_can_book(network: NetworkRef) -> None:
    def codes() -> list[str]:
        found = explain_no_slots(now=NOW)
        assert all(str(blocker.message) and blocker.fix_url.startswith("/") for blocker in found)
        return [blocker.code for blocker in found]

    assert codes() == ["no_clinic", "no_doctor", "no_service"]
    clinic = make_clinic()
    doctor = make_doctor()
    service = make_service()
    assert codes() == ["doctor_without_clinic"]
    doctor.clinic_links.create(clinic=clinic)
    assert codes() == ["service_without_doctor"]
    service.doctors.add(doctor)
    assert codes() == ["service_without_clinic"]
    other = make_clinic()
    service.clinics.add(other)
    assert codes() == ["not_linked"]
    service.clinics.add(clinic)
    make_hours(doctor=doctor, clinic=other)
    assert codes() == ["no_hours"]
    hours = make_hours(doctor=doctor, clinic=clinic, valid_until=dt.date(2026, 12, 31))
    assert codes() == ["hours_not_current"]
    for row in hours:
        row.valid_until = None
        row.save()
    assert codes() == []
    set_policy(minimum_notice_minutes=3 * 24 * 60, horizon_days=1)
    assert codes() == ["notice_beyond_horizon"]
    set_policy(minimum_notice_minutes=0, horizon_days=60)
    block(doctor, 40)
    assert codes() == ["all_booked"]


def test_networks_do_not_share_what_is_remembered(twin_networks: tuple[NetworkRef, NetworkRef]) -> None:
    one, two = twin_networks
    with network_context(one):
        bookable = make_bookable()
        assert free_slots(**asked(bookable))
    with network_context(two):
        assert free_slots(**asked(bookable)) == []
        assert first_free_slots(limit=1, now=NOW) == []
