"""What happens on the day of the visit besides its status: the patient arrives, is called in, pays."""

import datetime as dt
from collections.abc import Callable
from uuid import UUID

from tenants.audit.actions import Actor, record
from tenants.booking.actions.logbook import OPEN, locked_appointment
from tenants.booking.errors import WrongStatus
from tenants.booking.models import (
    Appointment,
    AppointmentEvent,
    AppointmentStatus,
    PaymentMethod,
    PaymentStatus,
)
from tenants.booking.transactions import in_transaction


def check_in_appointment(
    *, public_id: UUID | str, expected_version: int | None = None, actor: Actor, now: dt.datetime
) -> Appointment:
    """Note that the patient is here. Again is no change. Locks the visit.

    Raises AppointmentNotFound, StaleVersion, WrongStatus for a visit that is over or cancelled.
    """

    def change(appointment: Appointment) -> list[str]:
        if appointment.checked_in_at is not None:
            return []
        appointment.checked_in_at = now
        return ["checked_in_at"]

    return _attend(public_id, "checked_in", change, expected_version=expected_version, actor=actor)


def undo_check_in(*, public_id: UUID | str, expected_version: int | None = None, actor: Actor) -> Appointment:
    """Take back that the patient is here, and that they were called in. Locks the visit; raises as above."""

    def change(appointment: Appointment) -> list[str]:
        if appointment.checked_in_at is None and appointment.in_room_at is None:
            return []
        appointment.checked_in_at = appointment.in_room_at = None
        return ["checked_in_at", "in_room_at"]

    return _attend(public_id, "check_in_undone", change, expected_version=expected_version, actor=actor)


def call_in_appointment(
    *, public_id: UUID | str, expected_version: int | None = None, actor: Actor, now: dt.datetime
) -> Appointment:
    """Note that the patient is with the doctor; who was not checked in is now. Locks the visit; raises as above."""

    def change(appointment: Appointment) -> list[str]:
        if appointment.in_room_at is not None:
            return []
        appointment.in_room_at = now
        appointment.checked_in_at = appointment.checked_in_at or now
        return ["checked_in_at", "in_room_at"]

    return _attend(public_id, "called_in", change, expected_version=expected_version, actor=actor)


def take_payment(
    *,
    public_id: UUID | str,
    method: str,
    expected_version: int | None = None,
    actor: Actor,
    now: dt.datetime,
) -> Appointment:
    """Note that the visit is paid, in cash or by card; `method` is a PaymentMethod. Paid already is no change.

    Locks the visit. Raises AppointmentNotFound, StaleVersion, WrongStatus for a cancelled visit or a missed one.
    """

    def change(appointment: Appointment) -> list[str]:
        if appointment.payment_status == PaymentStatus.PAID:
            return []
        appointment.payment_status = PaymentStatus.PAID
        appointment.payment_method = PaymentMethod(method)
        appointment.paid_at = now
        return ["payment_status", "payment_method", "paid_at"]

    return _attend(
        public_id,
        "paid",
        change,
        expected_version=expected_version,
        actor=actor,
        allowed=frozenset({*OPEN, AppointmentStatus.COMPLETED}),
        data={"method": method},
    )


def _attend(
    public_id: UUID | str,
    kind: str,
    change: Callable[[Appointment], list[str]],
    *,
    expected_version: int | None,
    actor: Actor,
    allowed: frozenset[str] = OPEN,
    data: dict[str, str] | None = None,
) -> Appointment:
    def work() -> Appointment:
        appointment = locked_appointment(public_id, expected_version=expected_version)
        if appointment.status not in allowed:
            raise WrongStatus(params={"status": str(appointment.status), "wanted": kind})
        fields = change(appointment)
        if not fields:
            return appointment
        appointment.version += 1
        appointment.save(update_fields=[*fields, "version", "updated_at"])
        facts = {"version": appointment.version, **(data or {})}
        AppointmentEvent.objects.create(
            appointment=appointment,
            kind=kind,
            from_status=appointment.status,
            to_status=appointment.status,
            actor_kind=actor.kind,
            actor_id=actor.user_id,
            data=facts,
        )
        record(f"booking.{kind}", actor=actor, on=appointment, data=facts)
        return appointment

    return in_transaction(work)
