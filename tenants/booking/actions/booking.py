"""Booking a visit."""

import datetime as dt

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.utils.translation import gettext_lazy as _

from tenants.audit.actions import Actor
from tenants.booking.actions.placing import alternatives_finder, local_start, lock_place, offered
from tenants.booking.actions.writing import insert_appointment
from tenants.booking.models import Appointment, AppointmentSource
from tenants.booking.offer_cache import BookingFacts, booking_facts
from tenants.booking.special import needs_approval
from tenants.booking.transactions import in_transaction, translate_overlap

NOTES_LENGTH = 2000


def book_appointment(
    *,
    doctor_id: int,
    service_id: int,
    clinic_id: int,
    starts_at: dt.datetime,
    patient_id: int,
    source: str,
    language: str,
    notes: str = "",
    actor: Actor,
    now: dt.datetime,
    for_staff: bool = False,
    overbook_reason: str = "",
    hold_id: int | None = None,
    series_id: int | None = None,
    position: int = 0,
    awaiting_approval: bool = False,
    facts: BookingFacts | None = None,
) -> Appointment:
    """Book a visit at an instant and return it; price, rules and zone are kept as they are now.

    One transaction (it joins `run_once`'s): locks the resources, re-checks with the engine, inserts appointment,
    claims, log, audit record and outbox event. Staff are not bound by notice and horizon. `source` is an
    `AppointmentSource`, `language` that of the messages to the patient. A visit that the clinic approves waits for
    it. With `overbook_reason` it is put on top of what is there, which only staff may. `hold_id` is the caller's
    own hold, which is not in the way; `facts` are those of this doctor and service, when they are at hand.

    Raises what `lock_place` raises and PatientBusy, Unavailable; ValidationError for notes that are too long or an
    instant without a zone.
    """
    said = clean_notes(notes)
    if facts is None:
        facts = booking_facts(doctor_id=doctor_id, service_id=service_id)
    policy = facts.policy
    offer = offered(
        doctor_id=doctor_id,
        service_id=service_id,
        clinic_id=clinic_id,
        starts_at=starts_at,
        policy=policy,
        now=now,
        periods=facts.periods,
    )
    begins_at = starts_at.astimezone(dt.UTC)

    def work() -> Appointment:
        place = lock_place(
            offer,
            starts_at=begins_at,
            length=dt.timedelta(minutes=offer.duration_minutes),
            patient_id=patient_id,
            policy=policy,
            now=now,
            for_staff=for_staff,
            overbook=bool(overbook_reason),
            hold_id=hold_id,
            channel=source,
            special=facts.special,
        )
        appointment = Appointment(
            patient_id=patient_id,
            doctor_id=doctor_id,
            service_id=service_id,
            clinic_id=clinic_id,
            appointment_date=place.starts_at,
            ends_at=place.ends_at,
            time_zone=offer.time_zone,
            local_start=local_start(begins_at, offer.time_zone),
            notes=said,
            price=offer.price,
            currency=offer.currency,
            policy=policy.snapshot(),
            source=AppointmentSource(source),
            language=known_language(language),
            series_id=series_id,
            position=position,
            awaiting_approval=awaiting_approval or (not for_staff and needs_approval(facts.special, source)),
            overbooked=place.overbook,
            overbook_reason=overbook_reason,
        )
        try:
            insert_appointment(appointment, place, actor=actor)
        except IntegrityError as error:
            finder = alternatives_finder(offer, around=begins_at, now=now, for_staff=for_staff)
            raise translate_overlap(error, find_alternatives=finder) from error
        return appointment

    return in_transaction(work)


def clean_notes(notes: str) -> str:
    """Return what is stored of a note. Raises ValidationError for one that is too long."""
    text = notes.replace("\x00", "").strip()
    if len(text) > NOTES_LENGTH:
        problem = ValidationError(
            _("At most %(limit)d characters."), code="max_length", params={"limit": NOTES_LENGTH}
        )
        raise ValidationError({"notes": problem})
    return text


def known_language(language: str) -> str:
    """Return the product's language nearest to a code: its own, or the default."""
    code = language.split("-", maxsplit=1)[0].lower()
    return code if code in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
