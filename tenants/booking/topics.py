"""Topics of the outbox that this app writes. Payloads carry `version` facts as ids and codes only."""

from typing import Final

APPOINTMENT: Final = "appointment"
"""Aggregate type; the aggregate id is the appointment's primary key."""

BOOKED: Final = "appointment.booked"
MOVED: Final = "appointment.moved"
CANCELLED: Final = "appointment.cancelled"
CONFIRMED: Final = "appointment.confirmed"
COMPLETED: Final = "appointment.completed"
NO_SHOW: Final = "appointment.no_show"
APPROVED: Final = "appointment.approved"
"""The clinic accepted a visit that was booked on approval."""
REFUSED: Final = "appointment.refused"
"""The clinic did not accept it; the visit is cancelled."""
RESTORED: Final = "appointment.restored"
"""What ended the visit was undone: it is open again."""

DOCTOR: Final = "doctor"
HOURS_END: Final = "schedule.hours_end"
"""A doctor's published hours end soon. Payload: `until` (ISO date), `level` (30, 14 or 7 days before)."""
TIME_FREED: Final = "time.freed"
"""A doctor has time again without a visit having gone. Payload: doctor, clinic (or null), starts_at, ends_at."""

OFFER: Final = "waitlist_offer"
"""Aggregate type; the aggregate id is the offer's primary key."""
OFFERED: Final = "waitlist.offered"

PROPOSAL: Final = "rebooking_proposal"
"""Aggregate type; the aggregate id is the proposal's primary key."""
PROPOSED: Final = "rebooking.proposed"
