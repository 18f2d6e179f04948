"""What every change of an appointment leaves behind, in its own transaction: log, audit, outbox."""

from typing import Any, Final
from uuid import UUID

from saas.core.batch import Batch, key_of_latest
from tenants.audit.actions import Actor, audit_event
from tenants.booking import topics
from tenants.booking.errors import AppointmentNotFound, StaleVersion, WrongStatus
from tenants.booking.models import Appointment, AppointmentEvent, AppointmentStatus
from tenants.outbox.actions import publish

FOLLOWING: Final[dict[str, frozenset[str]]] = {
    AppointmentStatus.SCHEDULED: frozenset(
        {
            AppointmentStatus.CONFIRMED,
            AppointmentStatus.COMPLETED,
            AppointmentStatus.CANCELLED,
            AppointmentStatus.NO_SHOW,
        }
    ),
    AppointmentStatus.CONFIRMED: frozenset(
        {AppointmentStatus.COMPLETED, AppointmentStatus.CANCELLED, AppointmentStatus.NO_SHOW}
    ),
    AppointmentStatus.COMPLETED: frozenset(),
    AppointmentStatus.CANCELLED: frozenset(),
    AppointmentStatus.NO_SHOW: frozenset(),
}
"""Which status may follow which."""

OPEN: Final = frozenset({AppointmentStatus.SCHEDULED, AppointmentStatus.CONFIRMED})
"""Statuses in which a visit is still going to take place."""


def locked_appointment(public_id: UUID | str, *, expected_version: int | None) -> Appointment:
    """Lock and return an appointment. Raises AppointmentNotFound, StaleVersion.

    Taken before any resource lock, by everybody who takes both.
    """
    appointment = Appointment.objects.select_for_update().filter(public_id=public_id).first()
    if appointment is None:
        raise AppointmentNotFound
    if expected_version is not None and appointment.version != expected_version:
        raise StaleVersion(params={"version": appointment.version})
    return appointment


def require_status(appointment: Appointment, wanted: AppointmentStatus) -> None:
    """Raise WrongStatus unless `wanted` may follow the status there is."""
    if wanted not in FOLLOWING[appointment.status]:
        raise WrongStatus(params={"status": str(appointment.status), "wanted": str(wanted)})


def write_down(
    appointment: Appointment,
    *,
    topic: str,
    from_status: str,
    actor: Actor,
    data: dict[str, Any] | None = None,
) -> None:
    """Log, audit and publish what has just been done: one round trip. `data` holds ids, codes and times only."""
    batch = Batch()
    note_down(batch, appointment, topic=topic, from_status=from_status, actor=actor, data=data)
    batch.run()


def note_down(
    batch: Batch,
    appointment: Appointment,
    *,
    topic: str,
    from_status: str,
    actor: Actor,
    data: dict[str, Any] | None = None,
) -> None:
    """Add log, audit record and outbox event to a batch; an appointment without a key is the one inserted last."""
    kind = topic.removeprefix("appointment.")
    facts = {"version": appointment.version, **(data or {})}
    is_new = appointment.pk is None
    text_key = key_of_latest(Appointment, as_text=True) if is_new else str(appointment.pk)
    batch.insert(
        AppointmentEvent(
            appointment_id=key_of_latest(Appointment) if is_new else appointment.pk,
            kind=kind,
            from_status=from_status,
            to_status=appointment.status,
            actor_kind=actor.kind,
            actor_id=actor.user_id,
            data=facts,
        )
    )
    batch.insert(audit_event(f"booking.{kind}", actor=actor, on=appointment, data=facts, object_id=text_key))
    publish(
        topic,
        aggregate_type=topics.APPOINTMENT,
        aggregate_id=text_key,
        version=appointment.version,
        payload={"appointment": str(appointment.public_id), **facts},
        dedup_key=f"appointment:{appointment.public_id}:v{appointment.version}:{kind}",
        expires_at=appointment.ends_at,  # news about a visit that is over helps nobody
        batch=batch,
    )
