"""What one press does with a visit of the day, and how it is undone."""

import datetime as dt
from collections.abc import Callable
from typing import Final
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from saas.core.errors import Refused
from tenants.audit.actions import Actor, record
from tenants.booking import topics
from tenants.booking.actions import cancel_appointment, undo_check_in
from tenants.booking.actions.logbook import locked_appointment
from tenants.booking.actions.progressing import restore_appointment
from tenants.booking.errors import WrongStatus
from tenants.booking.models import Appointment, AppointmentEvent, AppointmentStatus, PaymentStatus
from tenants.booking.transactions import in_transaction
from tenants.desk.calendar.steps import STEPS
from tenants.notifications.consumers import TO_PATIENT
from tenants.outbox.actions import publish


class NoAddress(Refused):
    code = "no_address"
    message = _("The patient has no e-mail address. Write it on the card first, or print the confirmation.")


def take_step(
    *, public_id: UUID, action: str, version: int | None, form: dict[str, str], actor: Actor, now: dt.datetime
) -> Appointment:
    """Carry out one of the calendar's steps. Raises KeyError for an unknown one, and what its action raises."""
    return STEPS[action].run(public_id, version, actor, now, form)  # type: ignore[arg-type] # None: whatever the version


def undo_step(*, public_id: UUID, action: str, version: int, actor: Actor, now: dt.datetime) -> Appointment:
    """Take a step back. Raises KeyError for one that has no way back, StaleVersion when more happened since."""
    return UNDO[action](public_id, version, actor, now)


def back_to_waiting(
    *, public_id: UUID | str, expected_version: int | None = None, actor: Actor
) -> Appointment:
    """Take back that the patient was called in; they are still here. Locks the visit.

    Raises AppointmentNotFound, StaleVersion.
    """

    def change(visit: Appointment) -> list[str]:
        visit.in_room_at = None
        return ["in_room_at"]

    return _corrected(public_id, "call_undone", change, expected_version=expected_version, actor=actor)


def take_back_payment(
    *, public_id: UUID | str, expected_version: int | None = None, actor: Actor
) -> Appointment:
    """Take back that a visit was paid at the desk. Locks it. Raises AppointmentNotFound, StaleVersion, WrongStatus."""

    def change(visit: Appointment) -> list[str]:
        if visit.payment_status != PaymentStatus.PAID or not visit.payment_method:
            raise WrongStatus(params={"status": str(visit.payment_status), "wanted": "pending"})
        visit.payment_status = PaymentStatus.PENDING
        visit.payment_method = ""
        visit.paid_at = None
        return ["payment_status", "payment_method", "paid_at"]

    return _corrected(public_id, "payment_undone", change, expected_version=expected_version, actor=actor)


def send_confirmation(*, public_id: UUID | str, actor: Actor) -> Appointment:
    """Send the patient the letter about the visit once more, through the outbox.

    Twice within a minute is one letter. Raises AppointmentNotFound, NoAddress, WrongStatus for a cancelled visit.
    """

    def work() -> Appointment:
        visit = locked_appointment(public_id, expected_version=None)
        if visit.status == AppointmentStatus.CANCELLED:
            raise WrongStatus(params={"status": str(visit.status), "wanted": "sent"})
        if not visit.patient.email:
            raise NoAddress
        minute = int(timezone.now().timestamp()) // 60
        publish(
            topics.BOOKED,
            aggregate_type=topics.APPOINTMENT,
            aggregate_id=str(visit.pk),
            version=visit.version,
            payload={"appointment": str(visit.public_id), "version": visit.version},
            dedup_key=f"appointment:{visit.public_id}:again:{minute}",
            consumers=[TO_PATIENT],
            expires_at=visit.ends_at,
        )
        record("booking.confirmation_sent", actor=actor, on=visit)
        return visit

    return in_transaction(work)


def _corrected(
    public_id: UUID | str,
    kind: str,
    change: Callable[[Appointment], list[str]],
    *,
    expected_version: int | None,
    actor: Actor,
) -> Appointment:
    def work() -> Appointment:
        visit = locked_appointment(public_id, expected_version=expected_version)
        fields = change(visit)
        visit.version += 1
        visit.save(update_fields=[*fields, "version", "updated_at"])
        facts = {"version": visit.version}
        AppointmentEvent.objects.create(
            appointment=visit,
            kind=kind,
            from_status=visit.status,
            to_status=visit.status,
            actor_kind=actor.kind,
            actor_id=actor.user_id,
            data=facts,
        )
        record(f"booking.{kind}", actor=actor, on=visit, data=facts)
        return visit

    return in_transaction(work)


def _not_here(visit: UUID, version: int, actor: Actor, _now: dt.datetime) -> Appointment:
    return undo_check_in(public_id=visit, expected_version=version, actor=actor)


def _not_called(visit: UUID, version: int, actor: Actor, _now: dt.datetime) -> Appointment:
    return back_to_waiting(public_id=visit, expected_version=version, actor=actor)


def _open_again(visit: UUID, version: int, actor: Actor, now: dt.datetime) -> Appointment:
    return restore_appointment(public_id=visit, expected_version=version, actor=actor, now=now)


def _not_paid(visit: UUID, version: int, actor: Actor, _now: dt.datetime) -> Appointment:
    return take_back_payment(public_id=visit, expected_version=version, actor=actor)


def _not_booked(visit: UUID, version: int, actor: Actor, now: dt.datetime) -> Appointment:
    return cancel_appointment(
        public_id=visit, reason="", expected_version=version, actor=actor, now=now, for_staff=True
    )


UNDO: Final[dict[str, Callable[[UUID, int, Actor, dt.datetime], Appointment]]] = {
    "arrived": _not_here,
    "called": _not_called,
    "done": _open_again,
    "absent": _open_again,
    "cancel": _open_again,
    "paid": _not_paid,
    "booked": _not_booked,
}
"""The way back from a step, by the name that the page sends."""
