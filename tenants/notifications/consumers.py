"""Which events become letters, and to whom."""

import datetime as dt
from typing import Final

from django.utils import timezone

from tenants.booking import topics
from tenants.booking.models import Appointment, AppointmentStatus
from tenants.notifications.channels.email import send_letter
from tenants.notifications.hours import hours_letter
from tenants.notifications.letters import patient_letter, staff_letter
from tenants.outbox.consumers import register_consumer
from tenants.outbox.errors import NotNeeded
from tenants.outbox.models import OutboxDelivery

TO_PATIENT: Final = "email_patient"
TO_CLINIC: Final = "email_clinic"
TO_MANAGERS: Final = "email_managers"

_TOPICS: Final = (topics.BOOKED, topics.MOVED, topics.CANCELLED)
_OPEN: Final = frozenset({AppointmentStatus.SCHEDULED, AppointmentStatus.CONFIRMED})


def register() -> None:
    """Make the channels known to the outbox."""
    register_consumer(TO_PATIENT, topics=_TOPICS, deliver=write_to_patient, priority=1)
    register_consumer(TO_CLINIC, topics=_TOPICS, deliver=write_to_clinic, priority=3)
    register_consumer(TO_MANAGERS, topics=(topics.HOURS_END,), deliver=write_to_managers)


def write_to_patient(delivery: OutboxDelivery) -> None:
    """Send the letter about a visit to the patient. Raises NotNeeded, DeliveryFailed."""
    appointment = _subject(delivery)
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


def _subject(delivery: OutboxDelivery) -> Appointment:
    """Read the visit as it is now. Raises NotNeeded when it is gone or the news is no longer true."""
    found = (
        Appointment.objects.select_related("patient", "doctor__user", "clinic", "service")
        .filter(pk=delivery.event.aggregate_id)
        .first()
    )
    if found is None:
        raise NotNeeded("no_appointment")
    if delivery.event.topic != topics.CANCELLED and found.status not in _OPEN:
        raise NotNeeded(f"appointment_{found.status}")
    return found
