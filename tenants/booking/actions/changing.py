"""Moving and cancelling a visit."""

import datetime as dt
from uuid import UUID

from django.db import IntegrityError
from django.db.models import F

from tenants.audit.actions import Actor
from tenants.booking import topics
from tenants.booking.actions.freeing import free_claims
from tenants.booking.actions.logbook import OPEN, locked_appointment, require_status, write_down
from tenants.booking.actions.placing import alternatives_finder, local_start, lock_place, offered
from tenants.booking.actions.writing import claim_place
from tenants.booking.errors import CancellationTooLate, WrongStatus
from tenants.booking.models import Appointment, AppointmentStatus, Claim, GroupSession
from tenants.booking.policy import current_policy
from tenants.booking.reservation_errors import SeatCannotMove
from tenants.booking.transactions import in_transaction, translate_overlap

REASON_LENGTH = 300

Whereabouts = tuple[dt.datetime, dt.datetime, int, int]
"""Beginning, end, doctor, clinic."""

MOVED_FIELDS = (
    "doctor", "clinic", "appointment_date", "ends_at", "time_zone", "local_start", "status", "overbooked",
    "overbook_reason", "version", "updated_at",
)  # fmt: skip
"""What moving a visit writes."""


def reschedule_appointment(
    *,
    public_id: UUID | str,
    starts_at: dt.datetime,
    doctor_id: int | None = None,
    clinic_id: int | None = None,
    minutes: int | None = None,
    expected_version: int | None = None,
    actor: Actor,
    now: dt.datetime,
    for_staff: bool = False,
    overbook_reason: str = "",
    hold_id: int | None = None,
) -> Appointment:
    """Move a visit to another time; its id and price stay, its version grows.

    It stays with its doctor and clinic and keeps its length unless the arguments say otherwise, as staff may.
    Changing nothing is no change. With `overbook_reason` staff put it on top of what is there; `hold_id` is the
    hold that keeps the new time for this visit. Locks the appointment, then the resources. A confirmed visit whose
    time changes becomes scheduled again. Raises what `book_appointment` raises, and AppointmentNotFound,
    StaleVersion, WrongStatus, CancellationTooLate (patients only), SeatCannotMove.
    """

    def work() -> Appointment:
        appointment = locked_appointment(public_id, expected_version=expected_version)
        if appointment.status not in OPEN:
            wanted = str(AppointmentStatus.SCHEDULED)
            raise WrongStatus(params={"status": str(appointment.status), "wanted": wanted})
        if appointment.session_id is not None:
            raise SeatCannotMove
        was = whereabouts(appointment)
        to_doctor = appointment.doctor_id if doctor_id is None else doctor_id
        to_clinic = appointment.clinic_id if clinic_id is None else clinic_id
        length = appointment.ends_at - appointment.appointment_date
        if minutes is not None:
            length = dt.timedelta(minutes=minutes)
        if was == (starts_at, starts_at + length, to_doctor, to_clinic):
            return appointment
        _require_in_time(appointment, now=now, for_staff=for_staff)
        policy = current_policy()
        offer = offered(
            doctor_id=to_doctor,
            service_id=appointment.service_id,
            clinic_id=to_clinic,
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
            overbook=bool(overbook_reason),
            hold_id=hold_id,
            channel=appointment.source,
        )
        from_status = appointment.status
        if place.starts_at != appointment.appointment_date:
            appointment.status = AppointmentStatus.SCHEDULED
        appointment.doctor_id = to_doctor
        appointment.clinic_id = to_clinic
        appointment.appointment_date = place.starts_at
        appointment.ends_at = place.ends_at
        appointment.time_zone = offer.time_zone
        appointment.local_start = local_start(place.starts_at, offer.time_zone)
        appointment.overbooked = place.overbook
        appointment.overbook_reason = overbook_reason.strip()[:REASON_LENGTH] if place.overbook else ""
        appointment.version += 1
        free_claims(Claim.objects.filter(appointment=appointment))
        try:
            appointment.save(update_fields=[*MOVED_FIELDS])
            claim_place(place, appointment_id=appointment.pk, clinic_id=to_clinic)
        except IntegrityError as error:
            finder = alternatives_finder(offer, around=place.starts_at, now=now, for_staff=for_staff)
            raise translate_overlap(error, find_alternatives=finder) from error
        data = move_facts(was, whereabouts(appointment))
        write_down(appointment, topic=topics.MOVED, from_status=from_status, actor=actor, data=data)
        return appointment

    return in_transaction(work)


def cancel_appointment(
    *,
    public_id: UUID | str,
    reason: str = "",
    expected_version: int | None = None,
    told_with: UUID | None = None,
    actor: Actor,
    now: dt.datetime,
    for_staff: bool = False,
) -> Appointment:
    """Cancel a visit and free its time or its seat. Locks the appointment, then its group session.

    Patients can until the cut-off in force when they booked; staff at any time. `told_with` is the visit cancelled
    with this one whose letter tells the patient of both. Raises AppointmentNotFound, StaleVersion, WrongStatus,
    CancellationTooLate.
    """

    def work() -> Appointment:
        appointment = locked_appointment(public_id, expected_version=expected_version)
        require_status(appointment, AppointmentStatus.CANCELLED)
        _require_in_time(appointment, now=now, for_staff=for_staff)
        from_status = appointment.status
        appointment.status = AppointmentStatus.CANCELLED
        appointment.cancel_reason = reason.replace("\x00", "").strip()[:REASON_LENGTH]
        appointment.awaiting_approval = False
        appointment.version += 1
        appointment.save(
            update_fields=["status", "cancel_reason", "awaiting_approval", "version", "updated_at"]
        )
        give_place_back(appointment)
        data = {"told_with": str(told_with)} if told_with else None
        write_down(appointment, topic=topics.CANCELLED, from_status=from_status, actor=actor, data=data)
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


def give_place_back(appointment: Appointment) -> None:
    """Free the time of a visit that will not take place, or its seat. The appointment must be locked."""
    if appointment.session_id is not None:
        GroupSession.objects.filter(pk=appointment.session_id).update(taken=F("taken") - 1)
    else:
        free_claims(Claim.objects.filter(appointment=appointment))


def whereabouts(appointment: Appointment) -> Whereabouts:
    """Return where a visit is, to be compared with where it will be."""
    return (
        appointment.appointment_date,
        appointment.ends_at,
        appointment.doctor_id,
        appointment.clinic_id,
    )


def move_facts(was: Whereabouts, is_now: Whereabouts) -> dict[str, str | int]:
    """Where a visit was and is, for the log and for whoever waits for the time it left."""
    facts: dict[str, str | int] = {
        "from": was[0].isoformat(),
        "from_ends": was[1].isoformat(),
        "to": is_now[0].isoformat(),
    }
    for name, before, after in (("doctor", was[2], is_now[2]), ("clinic", was[3], is_now[3])):
        if before != after:
            facts |= {f"from_{name}": before, f"to_{name}": after}
    return facts
