"""The signed links of guests: to a visit, to a time offered, to a place on the waiting list.

Whoever has the link may do what its page does; each kind is signed for its own purpose.
"""

from datetime import timedelta
from typing import Final
from uuid import UUID

from saas.networks.errors import BadLink
from saas.networks.signing import sign, unsign
from tenants.booking.models import Appointment, RebookingProposal, WaitlistEntry, WaitlistOffer

PURPOSE: Final = "visit"
_OFFER: Final = "waitlist-offer"
_PROPOSAL: Final = "rebooking-proposal"
_ENTRY: Final = "waitlist-entry"
MAX_AGE: Final = timedelta(days=400)
"""Longer than the longest horizon: a link works until well after the visit."""


def manage_path(appointment: Appointment) -> str:
    """Return the path of the visit's page on the network's host; whoever has it may change the visit."""
    return f"/visits/{sign(appointment.public_id.hex, purpose=PURPOSE)}/"


def appointment_from_token(token: str) -> Appointment:
    """Return the appointment with patient, doctor, clinic and service. Raises BadLink or ExpiredLink."""
    appointment = (
        Appointment.objects.select_related("patient", "doctor__user", "clinic", "service")
        .filter(public_id=_public_id(token, PURPOSE))
        .first()
    )
    if appointment is None:
        raise BadLink
    return appointment


def offer_path(offer: WaitlistOffer) -> str:
    """Return the path of the page on which a time offered to the waiting list is taken with one tap."""
    return f"/visits/offer/{sign(offer.public_id.hex, purpose=_OFFER)}/"


def offer_from_token(token: str) -> WaitlistOffer:
    """Return the offer with its hold and entry. Raises BadLink or ExpiredLink."""
    found = WaitlistOffer.objects.select_related(
        "hold__doctor__user", "hold__service", "hold__clinic", "entry__patient", "entry__appointment"
    ).filter(public_id=_public_id(token, _OFFER))
    offer = found.first()
    if offer is None:
        raise BadLink
    return offer


def proposal_path(proposal: RebookingProposal) -> str:
    """Return the path of the page on which a new time for a visit is taken with one tap."""
    return f"/visits/proposal/{sign(proposal.public_id.hex, purpose=_PROPOSAL)}/"


def proposal_from_token(token: str) -> RebookingProposal:
    """Return the proposal with its hold and visit. Raises BadLink or ExpiredLink."""
    found = RebookingProposal.objects.select_related(
        "batch",
        "hold__doctor__user",
        "hold__clinic",
        "appointment__patient",
        "appointment__service",
        "appointment__clinic",
        "appointment__doctor__user",
    ).filter(public_id=_public_id(token, _PROPOSAL))
    proposal = found.first()
    if proposal is None:
        raise BadLink
    return proposal


def entry_path(entry: WaitlistEntry) -> str:
    """Return the path of the page on which somebody sees and leaves the waiting list."""
    return f"/visits/waiting/{sign(entry.public_id.hex, purpose=_ENTRY)}/"


def entry_from_token(token: str) -> WaitlistEntry:
    """Return the entry with patient, service, doctor and clinic. Raises BadLink or ExpiredLink."""
    found = WaitlistEntry.objects.select_related(
        "patient", "service", "doctor__user", "clinic", "appointment"
    )
    entry = found.filter(public_id=_public_id(token, _ENTRY)).first()
    if entry is None:
        raise BadLink
    return entry


def _public_id(token: str, purpose: str) -> UUID:
    value = unsign(token, purpose=purpose, max_age=MAX_AGE)
    try:
        return UUID(hex=value)
    except (TypeError, ValueError, AttributeError) as error:
        raise BadLink from error
