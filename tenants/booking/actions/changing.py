"""Moving and cancelling a visit."""

import datetime as dt
from uuid import UUID

from django.db import IntegrityError

from tenants.audit.actions import Actor
from tenants.booking import topics
from tenants.booking.actions.logbook import OPEN, locked_appointment, require_status, write_down
from tenants.booking.actions.placing import alternatives_finder, local_start, lock_place, offered
from tenants.booking.actions.writing import claim_place
from tenants.booking.errors import CancellationTooLate, WrongStatus
from tenants.booking.models import Appointment, AppointmentStatus, Claim
from tenants.booking.policy import current_policy
from tenants.booking.transactions import in_transaction, translate_overlap

REASON_LENGTH = 300


def reschedule_appointment(
    *,
    public_id: UUID | str,
    starts_at: dt.datetime,
    doctor_id: int | None = None,
    minutes: int | None = None,
    expected_version: int | None = None,
    actor: Actor,
    now: dt.datetime,
    for_staff: bool = False,
) -> Appointment:
    """Move a visit to another time; its id and price stay, its version grows.

    It stays with its doctor and keeps its length unless `doctor_id` or `minutes` say otherwise, as staff may.
    Changing nothing is no change. Locks the appointment, then the doctor. A confirmed visit whose time changes
    becomes scheduled again. Raises what `book_appointment` raises, and AppointmentNotFound, StaleVersion,
    WrongStatus, CancellationTooLate (patients only).
    """

    def work() -> Appointment:
        appointment = locked_appointment(public_id, expected_version=expected_version)
        if appointment.status not in OPEN:
            wanted = str(AppointmentStatus.SCHEDULED)
            raise WrongStatus(params={"status": str(appointment.status), "wanted": wanted})
        to_doctor = appointment.doctor_id if doctor_id is None else doctor_id
        length = appointment.ends_at - appointment.appointment_date
        if minutes is not None:
            length = dt.timedelta(minutes=minutes)
        if (starts_at, to_doctor, starts_at + length) == (
            appointment.appointment_date,
            appointment.doctor_id,
            appointment.ends_at,
        ):
            return appointment
        _require_in_time(appointment, now=now, for_staff=for_staff)
        policy = current_policy()
        offer = offered(
            doctor_id=to_doctor,
            service_id=appointment.service_id,
            clinic_id=appointment.clinic_id,
            starts_at=starts_at,
            policy=policy,
            now=now,
        )
        place = lock_place(
            offer,
            starts_at=starts_at.astimezone(dt.UTC),
            length=length,
            patient_id=appointment.patient_id,
            policy=policy,
            now=now,
            for_staff=for_staff,
            moving=appointment.pk,
        )
        data: dict[str, str | int] = {
            "from": appointment.appointment_date.isoformat(),
            "to": place.starts_at.isoformat(),
        }
        if to_doctor != appointment.doctor_id:
            data |= {"from_doctor": appointment.doctor_id, "to_doctor": to_doctor}
        from_status = appointment.status
        if place.starts_at != appointment.appointment_date:
            appointment.status = AppointmentStatus.SCHEDULED
        appointment.doctor_id = to_doctor
        appointment.appointment_date = place.starts_at
        appointment.ends_at = place.ends_at
        appointment.time_zone = offer.time_zone
        appointment.local_start = local_start(place.starts_at, offer.time_zone)
        appointment.version += 1
        _release_claims(appointment)
        try:
            appointment.save(
                update_fields=[
                    "doctor",
                    "appointment_date",
                    "ends_at",
                    "time_zone",
                    "local_start",
                    "status",
                    "version",
                    "updated_at",
                ]
            )
            claim_place(place, appointment_id=appointment.pk, clinic_id=appointment.clinic_id)
        except IntegrityError as error:
            finder = alternatives_finder(offer, around=place.starts_at, now=now, for_staff=for_staff)
            raise translate_overlap(error, find_alternatives=finder) from error
        write_down(appointment, topic=topics.MOVED, from_status=from_status, actor=actor, data=data)
        return appointment

    return in_transaction(work)


def cancel_appointment(
    *,
    public_id: UUID | str,
    reason: str = "",
    expected_version: int | None = None,
    actor: Actor,
    now: dt.datetime,
    for_staff: bool = False,
) -> Appointment:
    """Cancel a visit and free its time. Locks the appointment.

    Patients can until the cut-off in force when they booked; staff at any time. Raises AppointmentNotFound,
    StaleVersion, WrongStatus, CancellationTooLate.
    """

    def work() -> Appointment:
        appointment = locked_appointment(public_id, expected_version=expected_version)
        require_status(appointment, AppointmentStatus.CANCELLED)
        _require_in_time(appointment, now=now, for_staff=for_staff)
        from_status = appointment.status
        appointment.status = AppointmentStatus.CANCELLED
        appointment.cancel_reason = reason.replace("\x00", "").strip()[:REASON_LENGTH]
        appointment.version += 1
        appointment.save(update_fields=["status", "cancel_reason", "version", "updated_at"])
        _release_claims(appointment)
        write_down(appointment, topic=topics.CANCELLED, from_status=from_status, actor=actor)
        return appointment

    return in_transaction(work)


def change_deadline(appointment: Appointment) -> dt.datetime:
    """Return the instant until which the patient may move or cancel the visit."""
    minutes = int(appointment.policy.get("cancellation_cutoff_minutes", 0))
    return appointment.appointment_date - dt.timedelta(minutes=minutes)


def _require_in_time(appointment: Appointment, *, now: dt.datetime, for_staff: bool) -> None:
    if not for_staff and now > change_deadline(appointment):
        raise CancellationTooLate(
            params={"minutes": appointment.policy.get("cancellation_cutoff_minutes", 0)}
        )


def _release_claims(appointment: Appointment) -> None:
    Claim.objects.filter(appointment=appointment, active=True).update(active=False)
