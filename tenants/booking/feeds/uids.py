"""How visits are called in calendars."""

from django.conf import settings

from tenants.booking.models import Appointment


def visit_uid(appointment: Appointment) -> str:
    """Return the visit's name in every calendar. Not the network's own host, which may change."""
    return f"{appointment.public_id}@{settings.PLATFORM_HOST}"
