"""What can be done to appointments and to the time of doctors."""

from tenants.booking.actions.attending import (
    call_in_appointment,
    check_in_appointment,
    take_payment,
    undo_check_in,
)
from tenants.booking.actions.blocking import block_time, move_block, unblock_time
from tenants.booking.actions.booking import book_appointment
from tenants.booking.actions.changing import cancel_appointment, change_deadline, reschedule_appointment
from tenants.booking.actions.progressing import complete_appointment, confirm_appointment, mark_no_show

__all__ = [
    "block_time",
    "book_appointment",
    "call_in_appointment",
    "cancel_appointment",
    "change_deadline",
    "check_in_appointment",
    "complete_appointment",
    "confirm_appointment",
    "mark_no_show",
    "move_block",
    "reschedule_appointment",
    "take_payment",
    "unblock_time",
    "undo_check_in",
]
