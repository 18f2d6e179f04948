"""The evening's report by e-mail: who gets it, when, and what it says."""

import datetime as dt
from typing import Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from saas.accounts.models import User
from saas.accounts.roles import MANAGING_ROLES
from saas.core.formatting import format_day, format_money
from saas.networks.context import current_network
from saas.networks.hosts import network_url
from tenants.booking.models import Appointment, AppointmentStatus
from tenants.clinics.models import Clinic
from tenants.clinics.selectors import organisation
from tenants.desk.models import DailyReportOptOut
from tenants.desk.reports.period import Period
from tenants.desk.reports.utilisation import utilisation
from tenants.desk.reports.visits import visit_report
from tenants.notifications.channels.email import Letter, send_letter
from tenants.outbox.actions import publish
from tenants.outbox.consumers import register_consumer
from tenants.outbox.errors import NotNeeded
from tenants.outbox.models import OutboxDelivery

TOPIC: Final = "report.daily"
CONSUMER: Final = "email_report"
HOUR: Final = 20
"""When it is sent, on the network's own clock."""

_DAY: Final = dt.timedelta(days=1)


def register() -> None:
    """Make the report known to the outbox."""
    register_consumer(CONSUMER, topics=(TOPIC,), deliver=deliver, priority=6)


def is_due(zone: str, *, now: dt.datetime) -> bool:
    """Say whether it is the half hour from `HOUR` on in a zone; the caller asks every half hour."""
    local = now.astimezone(ZoneInfo(zone))
    return local.hour == HOUR and local.minute < 30  # noqa: PLR2004 - minutes


def publish_daily(*, zone: str, now: dt.datetime) -> int:
    """Write the day's report to the outbox, an event for each reader; return how many. Once a day, however often."""
    date = now.astimezone(ZoneInfo(zone)).date()
    readers = list(readers_of_daily())
    with transaction.atomic():
        for user in readers:
            publish(
                TOPIC,
                aggregate_type="user",
                aggregate_id=str(user.pk),
                version=date.toordinal(),
                payload={"date": date.isoformat(), "user": user.pk},
                dedup_key=f"report:daily:{date.isoformat()}:{user.pk}",
                expires_at=now + _DAY,
            )
    return len(readers)


def readers_of_daily() -> list[User]:
    """Return the managers and owners who get it. One query."""
    out = DailyReportOptOut.objects.values("user")
    people = User.objects.filter(role__in=MANAGING_ROLES, is_active=True, email__isnull=False).exclude(
        pk__in=out
    )
    return list(people.order_by("pk"))


def wants_daily(user: User) -> bool:
    """Say whether this user gets the report."""
    return not DailyReportOptOut.objects.filter(user=user).exists()


@transaction.atomic
def choose_daily(*, user: User, wanted: bool) -> None:
    """Turn the report on or off for a user. Repeating changes nothing."""
    if wanted:
        DailyReportOptOut.objects.filter(user=user).delete()
    else:
        DailyReportOptOut.objects.get_or_create(user=user)


def deliver(delivery: OutboxDelivery) -> None:
    """Send the letter to its reader. Raises NotNeeded, DeliveryFailed."""
    payload = delivery.event.payload
    user = next((each for each in readers_of_daily() if each.pk == payload["user"]), None)
    if user is None:
        raise NotNeeded("no_reader")
    date = dt.date.fromisoformat(payload["date"])
    send_letter(daily_letter(user, date=date, message_id=delivery.client_message_id))


def daily_letter(user: User, *, date: dt.date, message_id: str) -> Letter:
    """Return the letter about a local date, in the reader's language."""
    profile = organisation()
    language = user.language or profile.language
    period = Period(date, date, tuple(Clinic.objects.order_by("name", "pk")), None, None)
    visits, use = visit_report(period), utilisation(period)
    tomorrow = (date + _DAY).isoformat()
    coming = Appointment.objects.filter(
        appointment_date__gte=timezone.now() - _DAY,
        local_start__gte=tomorrow,
        local_start__lt=(date + 2 * _DAY).isoformat(),
        status__in=(AppointmentStatus.SCHEDULED, AppointmentStatus.CONFIRMED),
    )
    host = current_network().primary_host
    with translation.override(language):
        facts = {
            "language": language,
            "network_name": profile.name,
            "site_url": network_url(host),
            "day": format_day(date),
            "total": visits.total,
            "paid": [format_money(paid, currency) for currency, paid in sorted(visits.total.paid.items())],
            "patients": visits.patients,
            "new_patients": visits.new_patients,
            "use": use.total,
            "doctors": visits.doctors[:10],
            "tomorrow": coming.count(),
            "unconfirmed": coming.filter(status=AppointmentStatus.SCHEDULED).count(),
            "reports_url": network_url(host, reverse("desk:reports", urlconf=settings.NETWORK_URLCONF)),
        }
        return Letter(
            recipients=(user.email or "",),
            sender_name=profile.name,
            reply_to="",
            subject=_("%(day)s: %(count)d visits, %(network)s")
            % {"day": facts["day"], "count": visits.total.visits, "network": profile.name},
            text=render_to_string("emails/daily_report.txt", facts),
            html=render_to_string("emails/daily_report.html", facts),
            language=language,
            message_id=message_id,
        )
