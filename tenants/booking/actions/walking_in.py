"""Somebody stands at the desk without an appointment."""

import datetime as dt
from zoneinfo import ZoneInfo

from tenants.audit.actions import Actor
from tenants.booking.actions.attending import check_in_appointment
from tenants.booking.actions.booking import book_appointment
from tenants.booking.errors import SlotTaken
from tenants.booking.models import Appointment, AppointmentSource
from tenants.booking.selectors.slots_of_day import free_slots
from tenants.booking.transactions import in_transaction
from tenants.clinics.models import Clinic

_TODAY = dt.timedelta(days=1)


def next_free_today(
    *, doctor_id: int, service_id: int, clinic_id: int, now: dt.datetime
) -> dt.datetime | None:
    """Return the next instant at which the doctor is free on the clinic's local day; None when there is none."""
    clinic = Clinic.objects.filter(pk=clinic_id).first()
    if clinic is None:
        return None
    today = now.astimezone(ZoneInfo(clinic.time_zone)).date()
    slots = free_slots(
        doctor_id=doctor_id,
        service_id=service_id,
        clinic_id=clinic_id,
        start=today,
        end=today + _TODAY,
        now=now,
        for_staff=True,
    )
    return slots[0].starts_at if slots else None


def walk_in(
    *,
    doctor_id: int,
    service_id: int,
    clinic_id: int,
    patient_id: int,
    language: str,
    notes: str = "",
    overbook_reason: str = "",
    actor: Actor,
    now: dt.datetime,
) -> Appointment:
    """Book the patient who is here for the doctor's next free time today, and check them in. For staff.

    With `overbook_reason` the visit begins with the next full minute, on top of what is there. Raises SlotTaken
    when nothing is free today (its alternatives are on other days), and what `book_appointment` raises.
    """

    def work() -> Appointment:
        if overbook_reason:
            starts_at = (now + dt.timedelta(seconds=59)).replace(second=0, microsecond=0)
        else:
            free_at = next_free_today(
                doctor_id=doctor_id, service_id=service_id, clinic_id=clinic_id, now=now
            )
            if free_at is None:
                raise SlotTaken(find_alternatives=_other_days)
            starts_at = free_at
        appointment = book_appointment(
            doctor_id=doctor_id,
            service_id=service_id,
            clinic_id=clinic_id,
            starts_at=starts_at,
            patient_id=patient_id,
            source=AppointmentSource.WALK_IN,
            language=language,
            notes=notes,
            actor=actor,
            now=now,
            for_staff=True,
            overbook_reason=overbook_reason,
        )
        return check_in_appointment(public_id=appointment.public_id, actor=actor, now=now)

    def _other_days() -> list[dict[str, object]]:
        today = now.date()
        slots = free_slots(
            doctor_id=doctor_id,
            service_id=service_id,
            clinic_id=clinic_id,
            start=today,
            end=today + dt.timedelta(days=14),
            now=now,
            for_staff=True,
        )
        return [
            {
                "starts_at": slot.starts_at.isoformat().replace("+00:00", "Z"),
                "doctor": slot.doctor_id,
                "clinic": slot.clinic_id,
                "service": slot.service_id,
            }
            for slot in slots[:3]
        ]

    return in_transaction(work)
