"""Visits that wait for the clinic's yes, and until when."""

import datetime as dt
from typing import Final

from django.db.models import QuerySet

from tenants.booking.models import Appointment, AppointmentStatus

ANSWER_WITHIN: Final = dt.timedelta(hours=24)
"""How long a clinic may take; the visit's own beginning comes first where that is sooner."""


def awaiting_approval() -> QuerySet[Appointment]:
    """Return the visits to be accepted, the soonest first, with what the desk shows of them."""
    return (
        Appointment.objects.filter(
            awaiting_approval=True, status__in=(AppointmentStatus.SCHEDULED, AppointmentStatus.CONFIRMED)
        )
        .select_related("patient", "doctor__user", "service", "clinic")
        .order_by("appointment_date", "pk")
    )


def approval_deadline(appointment: Appointment) -> dt.datetime:
    """Return the instant at which a request that nobody answered is turned down."""
    return min(appointment.created_at + ANSWER_WITHIN, appointment.appointment_date)
