"""The letters about a visit, in words and in the language of whoever reads them."""

from email.utils import parseaddr
from typing import Any, Final
from urllib.parse import urljoin

from django.conf import settings
from django.db.models import Q
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from saas.core.colours import palette
from saas.core.formatting import format_money, format_when, format_zone
from saas.core.phones import display_phone
from saas.networks.context import current_network
from saas.networks.hosts import network_url
from tenants.booking import topics
from tenants.booking.links import manage_path
from tenants.booking.models import Appointment
from tenants.clinics.models import Clinic, Organisation
from tenants.clinics.selectors import organisation
from tenants.notifications.calendar import visit_calendar
from tenants.notifications.channels.email import Letter, one_line

_SUBJECTS: Final[dict[str, Promise]] = {
    topics.BOOKED: _("You are booked: %(when)s, %(service)s"),
    topics.MOVED: _("Your visit has been moved to %(when)s"),
    topics.CANCELLED: _("Your visit on %(when)s has been cancelled"),
    topics.APPROVED: _("You are booked: %(when)s, %(service)s"),
    topics.REFUSED: _("The clinic cannot see you on %(when)s"),
    topics.RESTORED: _("Your visit takes place after all: %(when)s"),
}
_REQUESTED: Final = _("We have your request: %(when)s, %(service)s")
_STAFF_SUBJECTS: Final[dict[str, Promise]] = {
    topics.BOOKED: _("New visit: %(when)s, %(service)s"),
    topics.MOVED: _("Visit moved to %(when)s, %(service)s"),
    topics.CANCELLED: _("Visit cancelled: %(when)s, %(service)s"),
    topics.RESTORED: _("Visit takes place after all: %(when)s, %(service)s"),
}
_STAFF_REQUESTED: Final = _("Please approve: %(when)s, %(service)s")

_KINDS: Final = {topics.APPROVED: "booked", topics.REFUSED: "cancelled", topics.RESTORED: "booked"}
"""Topics whose letters read like those of others."""


def patient_letter(appointment: Appointment, *, topic: str, message_id: str) -> Letter | None:
    """Return the letter to the patient with the calendar file; None when they gave no e-mail address."""
    if not appointment.patient.email:
        return None
    profile = organisation()
    with translation.override(appointment.language):
        facts = _facts(appointment, profile, topic=topic, language=appointment.language)
        facts["manage_url"] = network_url(current_network().primary_host, manage_path(appointment))
        facts["others"] = _others(appointment, topic=topic, language=appointment.language)
        method, calendar = _calendar(appointment, profile)
        return Letter(
            recipients=(appointment.patient.email,),
            sender_name=profile.name,
            reply_to=appointment.clinic.email or profile.email,
            subject=str(_REQUESTED if facts["kind"] == "requested" else _SUBJECTS[topic]) % facts,
            text=render_to_string("emails/visit.txt", facts),
            html=render_to_string("emails/visit.html", facts),
            language=appointment.language,
            message_id=message_id,
            calendar=calendar,
            calendar_method=method,
        )


def calendar_file(appointment: Appointment) -> bytes:
    """Return the visit as an .ics file, the one that the letter carries, for whoever may see the visit."""
    with translation.override(appointment.language):
        return _calendar(appointment, organisation())[1].encode()


def staff_letter(appointment: Appointment, *, topic: str, message_id: str) -> Letter | None:
    """Return the short letter to the doctor and the clinic; None when neither has an e-mail address."""
    profile = organisation()
    doctor = appointment.doctor.user
    addresses = (doctor.email, appointment.clinic.email or profile.email)
    recipients = tuple(dict.fromkeys(each for each in addresses if each))
    if not recipients:
        return None
    language = doctor.language or profile.language
    with translation.override(language):
        facts = _facts(appointment, profile, topic=topic, language=language)
        return Letter(
            recipients=recipients,
            sender_name=profile.name,
            reply_to="",
            subject=str(_STAFF_REQUESTED if facts["kind"] == "requested" else _STAFF_SUBJECTS[topic]) % facts,
            text=render_to_string("emails/staff_visit.txt", facts),
            html=render_to_string("emails/staff_visit.html", facts),
            language=language,
            message_id=message_id,
        )


def _calendar(appointment: Appointment, profile: Organisation) -> tuple[str, str]:
    clinic = appointment.clinic
    manage_url = network_url(current_network().primary_host, manage_path(appointment))
    return visit_calendar(
        appointment,
        summary=f"{appointment.service.name}, {clinic.name}",
        description=f"{appointment.doctor.user.get_full_name()}\n{manage_url}",
        location=f"{clinic.name}, {address_of(clinic)}",
        organizer_name=one_line(profile.name),
        organizer_email=parseaddr(settings.DEFAULT_FROM_EMAIL)[1],
        attendee_email=appointment.patient.email,
        url=manage_url,
        now=timezone.now(),
    )


def address_of(clinic: Clinic) -> str:
    """Return city and street, the city once."""
    city = "" if clinic.city.casefold() in clinic.address.casefold() else clinic.city
    return ", ".join(part for part in (city, clinic.address) if part)


def network_facts(profile: Organisation, *, language: str) -> dict[str, Any]:
    """Return what every letter of a network shows: its name, address, colours and logo."""
    site_url = network_url(current_network().primary_host)
    return {
        "language": language,
        "network_name": profile.name,
        "site_url": site_url,
        "colours": palette(profile.brand_colour),
        "logo_url": urljoin(site_url, profile.logo.url) if profile.logo else "",
    }


def _kind(appointment: Appointment, topic: str) -> str:
    if topic == topics.BOOKED and appointment.awaiting_approval:
        return "requested"
    return _KINDS.get(topic, topic.removeprefix("appointment."))


def _others(appointment: Appointment, *, topic: str, language: str) -> list[str]:
    """The further visits that were booked together with this first one, or cancelled with this one, in words."""
    if appointment.series_id is None:
        return []
    rows = Appointment.objects.filter(series=appointment.series_id)
    if topic == topics.CANCELLED:
        told_here = Q(events__kind="cancelled", events__data__told_with=str(appointment.public_id))
        rows = rows.filter(told_here, status="cancelled").distinct()
    elif appointment.position == 1:
        rows = rows.filter(position__gt=1).exclude(status="cancelled")
    else:
        return []
    return [
        f"{format_when(row.appointment_date, zone=row.time_zone, language=language)}, {row.service.name}"
        for row in rows.select_related("service").order_by("position")
    ]


def _facts(appointment: Appointment, profile: Organisation, *, topic: str, language: str) -> dict[str, Any]:
    zone = appointment.time_zone
    starts_at = appointment.appointment_date
    clinic = appointment.clinic
    return {
        "kind": _kind(appointment, topic),
        **network_facts(profile, language=language),
        "patient_name": appointment.patient.first_name,
        "patient_full_name": appointment.patient.full_name,
        "when": format_when(starts_at, zone=zone, language=language),
        "zone_words": format_zone(zone, at=starts_at, language=language),
        "service": appointment.service.name,
        "doctor_name": appointment.doctor.user.get_full_name(),
        "clinic_name": clinic.name,
        "address": address_of(clinic),
        "clinic_phone": display_phone(clinic.phone),
        "directions": clinic.directions,
        "price": format_money(appointment.price, appointment.currency, language),
        "minutes": int((appointment.ends_at - starts_at).total_seconds()) // 60,
        "preparation": appointment.service.preparation_instructions,
        "cancel_reason": appointment.cancel_reason,
    }
