"""Many at once after the seats of group sessions: seats, limits and moves hold."""

from __future__ import annotations

import datetime as dt
from functools import partial

import pytest

from saas.networks.context import NetworkRef
from tenants.audit.actions import GUEST
from tenants.booking.actions.groups import move_seat
from tenants.booking.errors import CapReached
from tenants.booking.models import Appointment, BookingCap
from tenants.booking.reservation_errors import SessionFull
from tests.factories import make_bookable
from tests.tenants.booking.helpers import NINE, NOW
from tests.tenants.booking.test_groups_and_approval import HALF, seat, session_of, taken
from tests.trust.booking.racing import race
from tests.trust.booking.test_races import kinds, patients

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def test_one_limit_over_several_sessions_is_never_passed(
    network: NetworkRef, caplog: pytest.LogCaptureFixture
) -> None:
    bookable = make_bookable()
    sessions = [session_of(bookable, NINE + n * HALF, capacity=20) for n in range(4)]
    BookingCap.objects.create(most=7, period="day", doctor=bookable.doctor)
    BookingCap.objects.create(most=5, period="week", service=bookable.service, channel="api")
    rivals = patients(48)
    outcomes = race(
        network,
        [
            partial(seat, sessions[n % 4], patient_id=rivals[n].pk, source="api" if n % 2 else "site")
            for n in range(48)
        ],
    )
    assert kinds(outcomes) == {"ok": 7, CapReached.__name__: 41}
    seats = Appointment.objects.filter(status="scheduled")
    assert seats.count() == sum(taken(session) for session in sessions) == 7
    assert seats.filter(source="api").count() <= 5
    assert "booking_transaction_retried" not in caplog.text


def test_movers_in_both_directions_and_takers_share_the_last_seats(
    network: NetworkRef, caplog: pytest.LogCaptureFixture
) -> None:
    bookable = make_bookable()
    one, other = (session_of(bookable, at, capacity=9) for at in (NINE, NINE + dt.timedelta(days=1)))
    rivals = patients(40)
    there = [seat(one, patient_id=rivals[n].pk) for n in range(8)]
    back = [seat(other, patient_id=rivals[8 + n].pk) for n in range(8)]
    moves = [
        partial(move_seat, public_id=visit.public_id, session_id=to.public_id, actor=GUEST, now=NOW)
        for pair in zip(there, back, strict=True)
        for visit, to in zip(pair, (other, one), strict=True)
    ]
    takers = [partial(seat, (one, other)[n % 2], patient_id=rivals[16 + n].pk) for n in range(24)]
    outcomes = race(network, [*moves, *takers])
    assert set(kinds(outcomes)) <= {"ok", SessionFull.__name__}
    for session in (one, other):
        assert taken(session) == session.appointments.filter(status="scheduled").count() <= 9
    assert Appointment.objects.filter(status="scheduled").count() == 18
    assert "booking_transaction_retried" not in caplog.text
