"""The letters with a time to take by one tap: for the waiting list, and for visits that have to move."""

import datetime as dt
from typing import Any

from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from saas.core.formatting import format_when, format_when_soon, format_zone
from saas.core.phones import display_phone
from saas.networks.context import current_network
from saas.networks.hosts import network_url
from tenants.booking.links import entry_path, offer_path, proposal_path
from tenants.booking.models import Hold, RebookingProposal, WaitlistOffer
from tenants.clinics.selectors import organisation
from tenants.notifications.channels.email import Letter
from tenants.notifications.letters import address_of, network_facts


def offer_letter(offer: WaitlistOffer, *, message_id: str) -> Letter | None:
    """Return the letter about a time kept for somebody who waits; None when they gave no e-mail address."""
    entry = offer.entry
    if not entry.patient.email:
        return None
    visit = entry.appointment
    with translation.override(entry.language):
        facts = _facts(offer.hold, until=offer.expires_at, language=entry.language) | {
            "patient_name": entry.patient.first_name,
            "service": offer.hold.service.name,
            "was": format_when(visit.appointment_date, zone=visit.time_zone, language=entry.language)
            if visit
            else "",
            "take_url": _absolute(offer_path(offer)),
            "leave_url": _absolute(entry_path(entry)),
        }
        subject = _("A time has become free: %(when)s") % facts
        return _letter("offer", facts, to=entry.patient.email, subject=subject, message_id=message_id)


def proposal_letter(proposal: RebookingProposal, *, message_id: str) -> Letter | None:
    """Return the letter about a new time for a visit; None without an e-mail address or a time."""
    visit, hold = proposal.appointment, proposal.hold
    if hold is None or proposal.expires_at is None or not visit.patient.email:
        return None
    with translation.override(visit.language):
        facts = _facts(hold, until=proposal.expires_at, language=visit.language) | {
            "patient_name": visit.patient.first_name,
            "service": visit.service.name,
            "was": format_when(proposal.from_starts_at, zone=visit.time_zone, language=visit.language),
            "take_url": _absolute(proposal_path(proposal)),
        }
        subject = _("Your visit on %(was)s has to move: is %(when)s all right?") % facts
        return _letter("proposal", facts, to=visit.patient.email, subject=subject, message_id=message_id)


def _facts(hold: Hold, *, until: dt.datetime, language: str) -> dict[str, Any]:
    clinic = hold.clinic
    zone = clinic.time_zone
    return network_facts(organisation(), language=language) | {
        "when": format_when(hold.starts_at, zone=zone, language=language),
        "zone_words": format_zone(zone, at=hold.starts_at, language=language),
        "until": format_when_soon(until, zone=zone, language=language),
        "doctor_name": hold.doctor.user.get_full_name(),
        "clinic_name": clinic.name,
        "clinic_email": clinic.email,
        "address": address_of(clinic),
        "clinic_phone": display_phone(clinic.phone),
    }


def _letter(kind: str, facts: dict[str, Any], *, to: str, subject: str, message_id: str) -> Letter:
    profile = organisation()
    return Letter(
        recipients=(to,),
        sender_name=profile.name,
        reply_to=facts["clinic_email"] or profile.email,
        subject=subject,
        text=render_to_string(f"emails/{kind}.txt", facts),
        html=render_to_string(f"emails/{kind}.html", facts),
        language=facts["language"],
        message_id=message_id,
    )


def _absolute(path: str) -> str:
    return network_url(current_network().primary_host, path)
