"""The letter to those who run the network about a doctor whose published hours end soon."""

import datetime as dt

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from saas.accounts.models import User
from saas.accounts.roles import MANAGING_ROLES
from saas.networks.context import current_network
from saas.networks.hosts import network_url
from tenants.booking.windows.alerts import hours_ending
from tenants.clinics.selectors import organisation
from tenants.notifications.channels.email import Letter


def hours_letter(*, doctor_id: int, until: dt.date, now: dt.datetime, message_id: str) -> Letter | None:
    """Return the letter; None when the hours no longer end on that day, or nobody has an address."""
    found = [each for each in hours_ending(now=now) if each.doctor_id == doctor_id and each.until == until]
    people = User.objects.filter(role__in=MANAGING_ROLES, is_active=True).exclude(email=None).order_by("pk")
    recipients = tuple(user.email for user in people if user.email)
    if not found or not recipients:
        return None
    profile = organisation()
    listing = reverse("hours:index", urlconf=settings.NETWORK_URLCONF)
    with translation.override(profile.language):
        facts = {
            "language": profile.language,
            "network_name": profile.name,
            "site_url": network_url(current_network().primary_host),
            "doctor": found[0].doctor,
            "until": date_format(until, "DATE_FORMAT"),
            "hours_url": network_url(current_network().primary_host, f"{listing}?doctor={doctor_id}"),
        }
        return Letter(
            recipients=recipients,
            sender_name=profile.name,
            reply_to="",
            subject=_("Hours of %(doctor)s end on %(until)s") % facts,
            text=render_to_string("emails/hours_end.txt", facts),
            html=render_to_string("emails/hours_end.html", facts),
            language=profile.language,
            message_id=message_id,
        )
