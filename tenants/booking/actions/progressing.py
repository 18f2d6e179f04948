"""What becomes of a visit: confirmed, completed, the patient did not come; and undoing what was a slip."""

import datetime as dt
from collections.abc import Callable
from typing import Final
from uuid import UUID

from django.db import IntegrityError
from django.db.models.functions import Now

from tenants.audit.actions import Actor
from tenants.booking import topics
from tenants.booking.actions.logbook import OPEN, locked_appointment, require_status, write_down
from tenants.booking.actions.placing import alternatives_finder, lock_place, offered
from tenants.booking.actions.seating import admit
from tenants.booking.actions.writing import claim_place
from tenants.booking.errors import SlotInPast, TooEarly
from tenants.booking.models import Appointment, AppointmentEvent, AppointmentStatus
from tenants.booking.policy import current_policy
from tenants.booking.reservation_errors import NothingToUndo, UndoTooLate
from tenants.booking.transactions import in_transaction, translate_overlap

UNDO_MINUTES: Final = 60
"""How long a completed or missed visit can be opened again. A cancelled one can until it would have begun."""

NOTE_LENGTH: Final = 20_000

_ENDED_BY: Final = {
    AppointmentStatus.CANCELLED: ("cancelled", "refused"),
    AppointmentStatus.COMPLETED: ("completed",),
    AppointmentStatus.NO_SHOW: ("no_show",),
}


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
    visit_note: str | None = None,
    follow_up_on: dt.date | None = None,
    actor: Actor,
    now: dt.datetime,
    for_staff: bool = False,
) -> Appointment:
    """Note that the visit took place, not before it begins; the moment is when it finished.

    `visit_note` (None: as it is) is the doctor's; `follow_up_on` the clinic's local date proposed for the next
    visit. Locks it. Raises AppointmentNotFound, StaleVersion, WrongStatus, TooEarly.
    """

    def finish(appointment: Appointment) -> list[str]:
        appointment.finished_at = now
        fields = ["finished_at"]
        if visit_note is not None:
            appointment.visit_note = visit_note.replace("\x00", "").strip()[:NOTE_LENGTH]
            fields.append("visit_note")
        if follow_up_on is not None:
            appointment.follow_up_on = follow_up_on
            fields.append("follow_up_on")
        return fields

    return _progress(
        public_id,
        AppointmentStatus.COMPLETED,
        topics.COMPLETED,
        expected_version=expected_version,
        actor=actor,
        begun_by=now,
        change=finish,
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


def restore_appointment(
    *, public_id: UUID | str, expected_version: int | None = None, actor: Actor, now: dt.datetime
) -> Appointment:
    """Undo what ended a visit: it has the status again that it had before. For staff.

    A cancelled visit gets its time back until it would have begun, if nobody else has it; a completed or missed
    one can be opened again for `UNDO_MINUTES` by the database's clock. Locks the appointment, then its group
    session or the resources. Raises AppointmentNotFound, StaleVersion, NothingToUndo, UndoTooLate, and for a
    cancelled one SlotInPast, what `book_appointment` raises, and for a seat what `take_seat` raises.
    """

    def work() -> Appointment:
        appointment = locked_appointment(public_id, expected_version=expected_version)
        if appointment.status in OPEN:
            raise NothingToUndo
        ended = _what_ended(appointment)
        from_status = appointment.status
        if from_status == AppointmentStatus.CANCELLED:
            _take_place_again(appointment, now=now)
            appointment.cancel_reason = ""
        appointment.status = ended.from_status if ended else AppointmentStatus.SCHEDULED
        appointment.finished_at = None
        appointment.version += 1
        try:
            appointment.save(
                update_fields=["status", "cancel_reason", "finished_at", "version", "updated_at"]
            )
        except IntegrityError as error:  # the patient booked something else at this time
            raise translate_overlap(error, find_alternatives=list) from error
        write_down(appointment, topic=topics.RESTORED, from_status=from_status, actor=actor)
        return appointment

    return in_transaction(work)


def _what_ended(appointment: Appointment) -> AppointmentEvent | None:
    """Return the log's entry of how the visit ended. Raises UndoTooLate for one that is too old to undo."""
    kinds = _ENDED_BY[AppointmentStatus(appointment.status)]
    entries = appointment.events.filter(kind__in=kinds).order_by("-pk")
    if appointment.status != AppointmentStatus.CANCELLED:
        entries = entries.filter(at__gt=Now() - dt.timedelta(minutes=UNDO_MINUTES))
        if not entries.exists():
            raise UndoTooLate(params={"minutes": UNDO_MINUTES})
    return entries.first()


def _take_place_again(appointment: Appointment, *, now: dt.datetime) -> None:
    if appointment.appointment_date <= now:
        raise SlotInPast
    if appointment.session is not None:
        admit(appointment.session, channel=appointment.source, now=now, for_staff=True)
        return
    policy = current_policy()
    offer = offered(
        doctor_id=appointment.doctor_id,
        service_id=appointment.service_id,
        clinic_id=appointment.clinic_id,
        starts_at=appointment.appointment_date,
        policy=policy,
        now=now,
    )
    place = lock_place(
        offer,
        starts_at=appointment.appointment_date,
        length=appointment.ends_at - appointment.appointment_date,
        patient_id=appointment.patient_id,
        policy=policy,
        now=now,
        for_staff=True,
        overbook=appointment.overbooked,
        channel=appointment.source,
    )
    try:
        claim_place(place, appointment_id=appointment.pk, clinic_id=appointment.clinic_id)
    except IntegrityError as error:
        finder = alternatives_finder(offer, around=appointment.appointment_date, now=now, for_staff=True)
        raise translate_overlap(error, find_alternatives=finder) from error


def _progress(
    public_id: UUID | str,
    wanted: AppointmentStatus,
    topic: str,
    *,
    expected_version: int | None,
    actor: Actor,
    begun_by: dt.datetime | None = None,
    change: Callable[[Appointment], list[str]] | None = None,
) -> Appointment:
    def work() -> Appointment:
        appointment = locked_appointment(public_id, expected_version=expected_version)
        require_status(appointment, wanted)
        if begun_by is not None and begun_by < appointment.appointment_date:
            raise TooEarly
        from_status = appointment.status
        fields = change(appointment) if change else []
        appointment.status = wanted
        appointment.version += 1
        appointment.save(update_fields=[*fields, "status", "version", "updated_at"])
        write_down(appointment, topic=topic, from_status=from_status, actor=actor)
        return appointment

    return in_transaction(work)
