"""Moving, cancelling and closing a visit: what is written, what is refused."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from uuid import uuid4

import pytest

from saas.networks.context import NetworkRef
from tenants.audit.actions import GUEST, Actor
from tenants.booking.actions import (
    cancel_appointment,
    complete_appointment,
    confirm_appointment,
    mark_no_show,
    reschedule_appointment,
)
from tenants.booking.errors import (
    AppointmentNotFound,
    CancellationTooLate,
    SlotTaken,
    StaleVersion,
    TooEarly,
    WrongStatus,
)
from tests.factories import make_bookable, make_patient
from tests.tenants.booking.helpers import NINE, NOW, book, set_policy

pytestmark = pytest.mark.django_db

HALF_HOUR = dt.timedelta(minutes=30)


def test_moving_keeps_the_id_and_frees_the_old_time(network: NetworkRef) -> None:
    bookable = make_bookable()
    appointment = book(bookable)
    bookable.service.price = Decimal(9000)
    bookable.service.save()
    moved = reschedule_appointment(
        public_id=appointment.public_id, starts_at=NINE + HALF_HOUR, expected_version=1, actor=GUEST, now=NOW
    )
    assert (moved.pk, moved.public_id, moved.version) == (appointment.pk, appointment.public_id, 2)
    assert (moved.price, moved.local_start) == (Decimal("2500.00"), "2027-01-12T09:30")
    assert [(claim.active, claim.span.lower) for claim in moved.claims.order_by("id")] == [
        (False, NINE),
        (True, NINE + HALF_HOUR),
    ]
    assert [event.kind for event in moved.events.all()] == ["booked", "moved"]
    assert book(bookable, patient_id=make_patient().pk).pk


def test_moving_into_its_own_time(network: NetworkRef) -> None:
    set_policy(slot_step_minutes=15)
    appointment = book(make_bookable())
    moved = reschedule_appointment(
        public_id=appointment.public_id, starts_at=NINE + dt.timedelta(minutes=15), actor=GUEST, now=NOW
    )
    assert moved.version == 2
    same = reschedule_appointment(
        public_id=appointment.public_id, starts_at=NINE + dt.timedelta(minutes=15), actor=GUEST, now=NOW
    )
    assert same.version == 2


def test_moving_onto_another_visit_changes_nothing(network: NetworkRef) -> None:
    bookable = make_bookable()
    appointment = book(bookable)
    book(bookable, NINE + HALF_HOUR, patient_id=make_patient().pk)
    with pytest.raises(SlotTaken) as refused:
        reschedule_appointment(
            public_id=appointment.public_id, starts_at=NINE + HALF_HOUR, actor=GUEST, now=NOW
        )
    assert len(refused.value.params["alternatives"]) == 3
    appointment.refresh_from_db()
    assert (appointment.version, appointment.appointment_date) == (1, NINE)
    assert appointment.claims.get().active


def test_stale_version_is_refused(network: NetworkRef) -> None:
    appointment = book(make_bookable())
    confirm_appointment(public_id=appointment.public_id, actor=GUEST, now=NOW)
    with pytest.raises(StaleVersion) as refused:
        cancel_appointment(public_id=appointment.public_id, expected_version=1, actor=GUEST, now=NOW)
    assert refused.value.params == {"version": 2}


def test_cancelling_has_a_cut_off_for_patients_only(network: NetworkRef) -> None:
    appointment = book(make_bookable())
    set_policy(cancellation_cutoff_minutes=0)  # the rules of the moment of booking stay
    late = NINE - dt.timedelta(minutes=179)
    with pytest.raises(CancellationTooLate) as refused:
        cancel_appointment(public_id=appointment.public_id, actor=GUEST, now=late)
    assert refused.value.params == {"minutes": 180}
    with pytest.raises(CancellationTooLate):
        reschedule_appointment(
            public_id=appointment.public_id, starts_at=NINE + HALF_HOUR, actor=GUEST, now=late
        )
    staff = Actor(kind="user", user_id=7)
    cancelled = cancel_appointment(
        public_id=appointment.public_id, reason="ill", actor=staff, now=late, for_staff=True
    )
    assert (cancelled.status, cancelled.cancel_reason, cancelled.version) == ("cancelled", "ill", 2)
    assert not cancelled.claims.filter(active=True).exists()
    event = cancelled.events.last()
    assert event is not None
    assert (event.actor_kind, event.actor_id, event.from_status) == ("user", 7, "scheduled")


def test_status_graph(network: NetworkRef) -> None:
    bookable = make_bookable()
    after = NINE + HALF_HOUR
    finals: tuple[Callable[..., object], ...] = (cancel_appointment, complete_appointment, mark_no_show)
    for number, finish in enumerate(finals):
        appointment = book(bookable, NINE + number * HALF_HOUR, patient_id=make_patient().pk)
        confirm_appointment(public_id=appointment.public_id, actor=GUEST, now=NOW)
        with pytest.raises(WrongStatus):
            confirm_appointment(public_id=appointment.public_id, actor=GUEST, now=NOW)
        moment = NOW if finish is cancel_appointment else after + number * HALF_HOUR
        finish(public_id=appointment.public_id, actor=GUEST, now=moment)
        for change in (confirm_appointment, *finals):
            with pytest.raises(WrongStatus):
                change(public_id=appointment.public_id, actor=GUEST, now=after + HALF_HOUR * 4)
        with pytest.raises(WrongStatus):
            reschedule_appointment(
                public_id=appointment.public_id, starts_at=NINE + 9 * HALF_HOUR, actor=GUEST, now=NOW
            )


def test_visit_cannot_be_over_before_it_begins(network: NetworkRef) -> None:
    appointment = book(make_bookable())
    for finish in (complete_appointment, mark_no_show):
        with pytest.raises(TooEarly):
            finish(public_id=appointment.public_id, actor=GUEST, now=NINE - HALF_HOUR)


def test_unknown_appointment(network: NetworkRef) -> None:
    with pytest.raises(AppointmentNotFound):
        cancel_appointment(public_id=uuid4(), actor=GUEST, now=NOW)
