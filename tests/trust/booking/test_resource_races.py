"""Two hundred people after the same doctors, rooms and device, through every way of booking at once."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.db.models import Count

from saas.core.errors import DomainError
from saas.networks.context import NetworkRef
from tenants.audit.actions import GUEST
from tenants.booking.actions import cancel_appointment, reschedule_appointment
from tenants.booking.actions.holding import confirm_hold, hold_slot
from tenants.booking.errors import CapReached, NoRoomFree, PatientBusy, SlotTaken
from tenants.booking.models import (
    Appointment,
    BookingCap,
    Claim,
    Resource,
    ResourcePool,
    ServiceRequirement,
)
from tests.factories import Bookable, make_bookable, make_clinic, make_service
from tests.tenants.booking.helpers import NINE, NOW, book
from tests.trust.booking.racing import count_overlaps, race
from tests.trust.booking.test_races import half_written, kinds, patients

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

Job = Callable[[], object]

HALF_HOUR = dt.timedelta(minutes=30)


def make_house(doctors: int) -> list[Bookable]:
    """Doctors of one clinic who share two rooms and one device, in services that name the pools in any order."""
    clinic = make_clinic()
    bookables = [make_bookable(clinic=clinic) for _ in range(doctors)]
    resources = [
        Resource.objects.create(kind=kind, name=kind, clinic=clinic) for kind in ("device", "room", "room")
    ]
    pools = [ResourcePool.objects.create(name=name) for name in ("Rooms", "Device")]
    pools[0].resources.set(resources[1:])
    pools[1].resources.set(resources[:1])
    for number, bookable in enumerate(bookables):
        needed = pools if number % 2 else list(reversed(pools))
        for pool in needed[: 1 + number % 3]:
            ServiceRequirement.objects.create(service=bookable.service, pool=pool, cleanup_minutes=10)
    return bookables


def test_two_hundred_over_doctors_rooms_and_a_device(
    network: NetworkRef, caplog: pytest.LogCaptureFixture
) -> None:
    bookables = make_house(4)
    rivals = patients(200)
    chance = random.Random(5)
    mine = [
        book(bookables[n % 4], NINE + dt.timedelta(hours=4 + n), patient_id=rivals[n].pk) for n in range(4)
    ]

    def job(n: int) -> Job:
        bookable = chance.choice(bookables)
        at = NINE + HALF_HOUR * chance.randrange(8)
        facts: dict[str, Any] = {"patient_id": rivals[n].pk}
        match n % 5:
            case 0:
                return lambda: _hold_then_confirm(bookable, at, rivals[n].pk, holder=f"h{n}")
            case 1:
                visit = chance.choice(mine)
                return lambda: reschedule_appointment(
                    public_id=visit.public_id, starts_at=at, actor=GUEST, now=NOW
                )
            case 2:
                return partial(book, bookable, at, **facts, for_staff=True, source="desk")
            case 3:
                return partial(book, bookable, at, **facts, source="api")
            case _:
                return partial(book, bookable, at, **facts)

    outcomes = race(network, [job(n) for n in range(4, 200)])
    for each in outcomes:
        assert each.error is None or isinstance(each.error, DomainError), each.error
        if isinstance(each.error, SlotTaken):
            assert "alternatives" in each.error.params
            assert each.error.status == 409
    assert count_overlaps() == half_written() == 0
    assert "booking_transaction_retried" not in caplog.text
    assert max(each.seconds for each in outcomes if each.error) < 2.0
    _every_visit_has_its_rooms()


def _every_visit_has_its_rooms() -> None:
    for visit in Appointment.objects.filter(status="scheduled").annotate(
        needs=Count("service__requirements", distinct=True)
    ):
        claims = Claim.objects.filter(appointment=visit, active=True)
        assert claims.filter(resource__doctor=visit.doctor_id).count() == 1
        assert claims.filter(resource__doctor=None).count() == visit.needs


def _hold_then_confirm(bookable: Bookable, at: dt.datetime, patient_id: int, *, holder: str) -> Appointment:
    hold = hold_slot(
        doctor_id=bookable.doctor.pk,
        service_id=bookable.service.pk,
        clinic_id=bookable.clinic.pk,
        starts_at=at,
        holder=holder,
        now=NOW,
    )
    return confirm_hold(
        public_id=hold.public_id,
        holder=holder,
        patient_id=patient_id,
        source="site",
        language="en",
        actor=GUEST,
        now=NOW,
    )


def test_one_room_many_doctors(network: NetworkRef) -> None:
    clinic = make_clinic()
    room = Resource.objects.create(kind="room", name="room", clinic=clinic)
    pool = ResourcePool.objects.create(name="Rooms")
    pool.resources.set([room])
    bookables = [make_bookable(clinic=clinic) for _ in range(20)]
    for bookable in bookables:
        ServiceRequirement.objects.create(service=bookable.service, pool=pool)
    outcomes = race(network, [partial(book, each, patient_id=each.patient.pk) for each in bookables])
    assert kinds(outcomes) == {"ok": 1, "NoRoomFree": 19}
    losers = [each.error for each in outcomes if isinstance(each.error, NoRoomFree)]
    assert all(len(error.params["alternatives"]) == 3 for error in losers)


def test_limits_hold_when_all_come_at_once(network: NetworkRef, caplog: pytest.LogCaptureFixture) -> None:
    clinic = make_clinic()
    bookables = [make_bookable(clinic=clinic) for _ in range(12)]
    shared = make_service(doctors=[each.doctor for each in bookables], clinics=[clinic])
    BookingCap.objects.create(most=7, period="day", clinic=clinic)
    BookingCap.objects.create(most=5, period="week", service=shared)
    rivals = patients(120)
    chance = random.Random(2)

    def job(n: int) -> Job:
        bookable = chance.choice(bookables)
        at = NINE + HALF_HOUR * chance.randrange(16)
        service = shared.pk if n % 2 else bookable.service.pk
        return partial(book, bookable, at, patient_id=rivals[n].pk, service_id=service)

    outcomes = race(network, [job(n) for n in range(120)])
    assert set(kinds(outcomes)) <= {"ok", CapReached.__name__, SlotTaken.__name__, PatientBusy.__name__}
    visits = Appointment.objects.filter(status="scheduled")
    assert visits.count() == 7
    assert visits.filter(service=shared).count() <= 5
    assert "booking_transaction_retried" not in caplog.text
    one = visits.order_by("pk").first()
    assert one is not None
    cancel_appointment(public_id=one.public_id, actor=GUEST, now=NOW)
    free = next(each for each in bookables if each.doctor.pk == one.doctor_id)
    assert book(free, one.appointment_date, patient_id=rivals[0].pk).pk
