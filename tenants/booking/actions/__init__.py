"""What can be done to appointments and to the time of doctors."""

from tenants.booking.actions.blocking import block_time, unblock_time
from tenants.booking.actions.booking import book_appointment
from tenants.booking.actions.changing import cancel_appointment, change_deadline, reschedule_appointment
from tenants.booking.actions.progressing import complete_appointment, confirm_appointment, mark_no_show

__all__ = [
    "block_time",
    "book_appointment",
    "cancel_appointment",
    "change_deadline",
    "complete_appointment",
    "confirm_appointment",
    "mark_no_show",
    "reschedule_appointment",
    "unblock_time",
]
