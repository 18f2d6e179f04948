"""Many at once after the rooms of a clinic: booking, going next door, closing and opening."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable
from functools import partial

import pytest

from saas.core.errors import DomainError
from saas.networks.context import NetworkRef
from tenants.audit.actions import GUEST
from tenants.booking.actions import reschedule_appointment
from tenants.booking.actions.rooming import change_room, close_room, move_to_room
from tenants.booking.models import Appointment, Claim, Resource, ResourcePool, ServiceRequirement
from tests.factories import make_bookable, make_clinic
from tests.tenants.booking.helpers import NINE, NOW, book
from tests.trust.booking.racing import count_overlaps, race
from tests.trust.booking.test_races import half_written, patients

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

HALF_HOUR = dt.timedelta(minutes=30)


def test_rooms_are_never_taken_twice_nor_lost(network: NetworkRef, caplog: pytest.LogCaptureFixture) -> None:
    clinic = make_clinic()
    bookables = [make_bookable(clinic=clinic) for _ in range(4)]
    rooms = [Resource.objects.create(kind="room", name=f"{n}", clinic=clinic) for n in range(3)]
    pool = ResourcePool.objects.create(name="Rooms")
    pool.resources.set(rooms)
    for bookable in bookables:
        ServiceRequirement.objects.create(service=bookable.service, pool=pool, cleanup_minutes=5)
    rivals = patients(100)
    chance = random.Random(7)
    mine = [
        book(bookables[n % 4], NINE + 2 * HALF_HOUR * (n // 3), patient_id=rivals[n].pk) for n in range(9)
    ]

    def job(n: int) -> Callable[[], object]:
        room = chance.choice(rooms)
        visit = chance.choice(mine)
        at = NINE + HALF_HOUR * chance.randrange(8)
        match n % 5:
            case 0:
                return partial(book, chance.choice(bookables), at, patient_id=rivals[n].pk)
            case 1:
                return partial(change_room, public_id=visit.public_id, room_id=room.pk, actor=GUEST)
            case 2:
                return partial(
                    close_room,
                    room_id=room.pk,
                    starts_at=at,
                    ends_at=at + HALF_HOUR,
                    reason="",
                    move_visits=True,
                    actor=GUEST,
                )
            case 3:
                return partial(
                    move_to_room,
                    public_id=visit.public_id,
                    starts_at=at,
                    room_id=room.pk,
                    actor=GUEST,
                    now=NOW,
                )
            case _:
                return partial(
                    reschedule_appointment, public_id=visit.public_id, starts_at=at, actor=GUEST, now=NOW
                )

    outcomes = race(network, [job(n) for n in range(9, 100)])
    for each in outcomes:
        assert each.error is None or isinstance(each.error, DomainError), each.error
    assert count_overlaps() == half_written() == 0
    assert "booking_transaction_retried" not in caplog.text
    for visit in Appointment.objects.filter(status="scheduled"):
        claims = Claim.objects.filter(appointment=visit, active=True)
        assert claims.filter(resource__doctor=visit.doctor_id).count() == 1
        assert claims.filter(resource__doctor=None).count() == 1
