"""News that the booking engine itself listens to: time that became free is offered to the waiting list."""

import datetime as dt
from typing import Final

from django.utils import timezone

from tenants.booking import topics
from tenants.booking.actions.offering import offer_freed_time
from tenants.booking.models import Appointment, WaitlistEntry, WaitlistState
from tenants.outbox.consumers import register_consumer
from tenants.outbox.errors import NotNeeded
from tenants.outbox.models import OutboxDelivery, OutboxEvent

WAITLIST: Final = "waitlist"


def register() -> None:
    """Make the waiting list known to the outbox. Every freed time counts, not the latest only."""
    register_consumer(
        WAITLIST,
        topics=(topics.CANCELLED, topics.REFUSED, topics.MOVED, topics.TIME_FREED),
        deliver=offer_to_waiting,
        priority=2,
        latest_only=False,
    )


def offer_to_waiting(delivery: OutboxDelivery) -> None:
    """Offer what became free. Raises NotNeeded when nobody waits or no doctor's time became free."""
    if not WaitlistEntry.objects.filter(state=WaitlistState.WAITING).exists():
        raise NotNeeded("nobody_waits")
    doctor_id, clinic_id, starts_at, ends_at = _freed(delivery.event)
    offer_freed_time(
        doctor_id=doctor_id,
        clinic_id=clinic_id,
        starts_at=starts_at,
        ends_at=ends_at,
        now=timezone.now(),
    )


def _freed(event: OutboxEvent) -> tuple[int, int | None, dt.datetime, dt.datetime]:
    """Doctor, clinic (None: any), beginning and end of the time that this event made free."""
    facts = event.payload
    if event.topic == topics.TIME_FREED:
        return facts["doctor"], facts["clinic"], _instant(facts["starts_at"]), _instant(facts["ends_at"])
    visit = Appointment.objects.filter(pk=event.aggregate_id).first()
    if visit is None or visit.session_id is not None:
        raise NotNeeded("no_time_freed")
    if event.topic == topics.MOVED:
        return (
            facts.get("from_doctor", visit.doctor_id),
            facts.get("from_clinic", visit.clinic_id),
            _instant(facts["from"]),
            _instant(facts["from_ends"]),
        )
    return visit.doctor_id, visit.clinic_id, visit.appointment_date, visit.ends_at


def _instant(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)
