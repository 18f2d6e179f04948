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
