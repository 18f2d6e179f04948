"""Which events become letters, and to whom."""

import datetime as dt
from typing import Final

from django.utils import timezone

from tenants.booking import topics
from tenants.booking.models import (
    Appointment,
    AppointmentStatus,
    OfferState,
    RebookingProposal,
    WaitlistOffer,
)
from tenants.notifications.channels.email import send_letter
from tenants.notifications.hours import hours_letter
from tenants.notifications.letters import patient_letter, staff_letter
from tenants.notifications.offers import offer_letter, proposal_letter
from tenants.outbox.consumers import register_consumer
from tenants.outbox.errors import NotNeeded
from tenants.outbox.models import OutboxDelivery

TO_PATIENT: Final = "email_patient"
TO_CLINIC: Final = "email_clinic"
TO_MANAGERS: Final = "email_managers"

TO_WAITING: Final = "email_waiting"
TO_MOVED: Final = "email_moved"

_TOPICS: Final = (topics.BOOKED, topics.MOVED, topics.CANCELLED, topics.RESTORED)
_PATIENT_TOPICS: Final = (*_TOPICS, topics.APPROVED, topics.REFUSED)
_ENDINGS: Final = frozenset({topics.CANCELLED, topics.REFUSED})
_OPEN: Final = frozenset({AppointmentStatus.SCHEDULED, AppointmentStatus.CONFIRMED})


def register() -> None:
    """Make the channels known to the outbox."""
    register_consumer(TO_PATIENT, topics=_PATIENT_TOPICS, deliver=write_to_patient, priority=1)
    register_consumer(TO_CLINIC, topics=_TOPICS, deliver=write_to_clinic, priority=3)
    register_consumer(TO_MANAGERS, topics=(topics.HOURS_END,), deliver=write_to_managers)
    register_consumer(TO_WAITING, topics=(topics.OFFERED,), deliver=write_offer, priority=1)
    register_consumer(TO_MOVED, topics=(topics.PROPOSED,), deliver=write_proposal, priority=2)


def write_to_patient(delivery: OutboxDelivery) -> None:
    """Send the letter about a visit to the patient. Raises NotNeeded, DeliveryFailed."""
    appointment = _subject(delivery)
    if delivery.event.topic == topics.BOOKED and appointment.position > 1:
        raise NotNeeded("told_with_the_first")
    if delivery.event.topic == topics.CANCELLED and delivery.event.payload.get("told_with"):
        raise NotNeeded("told_with_the_first")
    letter = patient_letter(appointment, topic=delivery.event.topic, message_id=delivery.client_message_id)
    if letter is None:
        raise NotNeeded("no_address")
    send_letter(letter)


def write_to_clinic(delivery: OutboxDelivery) -> None:
    """Send the short letter about a visit to the doctor and the clinic. Raises NotNeeded, DeliveryFailed."""
    appointment = _subject(delivery)
    letter = staff_letter(appointment, topic=delivery.event.topic, message_id=delivery.client_message_id)
    if letter is None:
        raise NotNeeded("no_address")
    send_letter(letter)


def write_to_managers(delivery: OutboxDelivery) -> None:
    """Send the letter about a doctor whose published hours end soon. Raises NotNeeded, DeliveryFailed."""
    letter = hours_letter(
        doctor_id=int(delivery.event.aggregate_id),
        until=dt.date.fromisoformat(delivery.event.payload["until"]),
        now=timezone.now(),
        message_id=delivery.client_message_id,
    )
    if letter is None:
        raise NotNeeded("no_longer_true")
    send_letter(letter)


def write_offer(delivery: OutboxDelivery) -> None:
    """Send the time that is kept for somebody on the waiting list. Raises NotNeeded, DeliveryFailed."""
    offer = (
        WaitlistOffer.objects.select_related(
            "hold__doctor__user", "hold__service", "hold__clinic", "entry__patient", "entry__appointment"
        )
        .filter(pk=delivery.event.aggregate_id)
        .first()
    )
    if offer is None or offer.state != OfferState.OPEN:
        raise NotNeeded("offer_over")
    letter = offer_letter(offer, message_id=delivery.client_message_id)
    if letter is None:
        raise NotNeeded("no_address")
    send_letter(letter)


def write_proposal(delivery: OutboxDelivery) -> None:
    """Send the new time for a visit that has to move. Raises NotNeeded, DeliveryFailed."""
    proposal = (
        RebookingProposal.objects.select_related(
            "batch", "hold__doctor__user", "hold__clinic", "appointment__patient", "appointment__service"
        )
        .filter(pk=delivery.event.aggregate_id)
        .first()
    )
    if proposal is None or proposal.state != OfferState.OPEN:
        raise NotNeeded("proposal_over")
    letter = proposal_letter(proposal, message_id=delivery.client_message_id)
    if letter is None:
        raise NotNeeded("no_address")
    send_letter(letter)


def _subject(delivery: OutboxDelivery) -> Appointment:
    """Read the visit as it is now. Raises NotNeeded when it is gone or the news is no longer true."""
    found = (
        Appointment.objects.select_related("patient", "doctor__user", "clinic", "service")
        .filter(pk=delivery.event.aggregate_id)
        .first()
    )
    if found is None:
        raise NotNeeded("no_appointment")
    if delivery.event.topic not in _ENDINGS and found.status not in _OPEN:
        raise NotNeeded(f"appointment_{found.status}")
    return found
