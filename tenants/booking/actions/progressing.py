"""What becomes of a visit: confirmed, completed, or the patient did not come."""

import datetime as dt
from uuid import UUID

from tenants.audit.actions import Actor
from tenants.booking import topics
from tenants.booking.actions.logbook import locked_appointment, require_status, write_down
from tenants.booking.errors import TooEarly
from tenants.booking.models import Appointment, AppointmentStatus
from tenants.booking.transactions import in_transaction


def confirm_appointment(
    *,
    public_id: UUID | str,
    expected_version: int | None = None,
    actor: Actor,
    now: dt.datetime,
    for_staff: bool = False,
) -> Appointment:
    """Note that the visit is confirmed. Locks it. Raises AppointmentNotFound, StaleVersion, WrongStatus."""
    return _progress(
        public_id,
        AppointmentStatus.CONFIRMED,
        topics.CONFIRMED,
        expected_version=expected_version,
        actor=actor,
    )


def complete_appointment(
    *,
    public_id: UUID | str,
    expected_version: int | None = None,
    actor: Actor,
    now: dt.datetime,
    for_staff: bool = False,
) -> Appointment:
    """Note that the visit took place; not before it begins.

    Locks it. Raises AppointmentNotFound, StaleVersion, WrongStatus, TooEarly.
    """
    return _progress(
        public_id,
        AppointmentStatus.COMPLETED,
        topics.COMPLETED,
        expected_version=expected_version,
        actor=actor,
        begun_by=now,
    )


def mark_no_show(
    *,
    public_id: UUID | str,
    expected_version: int | None = None,
    actor: Actor,
    now: dt.datetime,
    for_staff: bool = False,
) -> Appointment:
    """Note that the patient did not come; not before the visit begins.

    Locks it. Raises AppointmentNotFound, StaleVersion, WrongStatus, TooEarly.
    """
    return _progress(
        public_id,
        AppointmentStatus.NO_SHOW,
        topics.NO_SHOW,
        expected_version=expected_version,
        actor=actor,
        begun_by=now,
    )


def _progress(
    public_id: UUID | str,
    wanted: AppointmentStatus,
    topic: str,
    *,
    expected_version: int | None,
    actor: Actor,
    begun_by: dt.datetime | None = None,
) -> Appointment:
    def work() -> Appointment:
        appointment = locked_appointment(public_id, expected_version=expected_version)
        require_status(appointment, wanted)
        if begun_by is not None and begun_by < appointment.appointment_date:
            raise TooEarly
        from_status = appointment.status
        appointment.status = wanted
        appointment.version += 1
        appointment.save(update_fields=["status", "version", "updated_at"])
        write_down(appointment, topic=topic, from_status=from_status, actor=actor)
        return appointment

    return in_transaction(work)
