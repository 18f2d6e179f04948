"""The signed link with which a guest looks at, moves or cancels a visit."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from saas.networks.errors import BadLink
from saas.networks.signing import sign, unsign
from tenants.booking.models import Appointment

PURPOSE: Final = "visit"
MAX_AGE: Final = timedelta(days=400)
"""Longer than the longest horizon: a link works until well after the visit."""


def manage_path(appointment: Appointment) -> str:
    """Return the path of the visit's page on the network's host; whoever has it may change the visit."""
    return f"/visits/{sign(appointment.public_id.hex, purpose=PURPOSE)}/"


def appointment_from_token(token: str) -> Appointment:
    """Return the appointment with patient, doctor, clinic and service. Raises BadLink or ExpiredLink."""
    value = unsign(token, purpose=PURPOSE, max_age=MAX_AGE)
    try:
        public_id = UUID(hex=value)
    except (TypeError, ValueError, AttributeError) as error:
        raise BadLink from error
    appointment = (
        Appointment.objects.select_related("patient", "doctor__user", "clinic", "service")
        .filter(public_id=public_id)
        .first()
    )
    if appointment is None:
        raise BadLink
    return appointment
