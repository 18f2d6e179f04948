"""The calendar of a feed (RFC 5545), and the feeds that somebody has."""

import datetime as dt
from dataclasses import dataclass
from hashlib import sha256
from typing import Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Count, Max, QuerySet
from django.utils import translation
from django.utils.translation import gettext as _
from icalendar import Calendar, Event

from tenants.booking.feeds.uids import visit_uid
from tenants.booking.models import Appointment, AppointmentStatus, CalendarFeed
from tenants.clinics.selectors import organisation

PAST_DAYS: Final = 30
COMING_DAYS: Final = 366
MOST_VISITS: Final = 2000
_SHOWN: Final = (
    AppointmentStatus.SCHEDULED,
    AppointmentStatus.CONFIRMED,
    AppointmentStatus.COMPLETED,
)


@dataclass(frozen=True, slots=True)
class FeedCalendar:
    """A feed's visits at a moment; `etag` changes whenever the text would. The text is made when asked for."""

    feed: CalendarFeed
    etag: str
    language: str
    now: dt.datetime

    def text(self) -> str:
        """Return the calendar. Three queries, whatever the number of visits."""
        with translation.override(self.language):
            return _calendar(self.feed, self.now)


def feeds_of(*, doctor_id: int | None = None, patient_id: int | None = None) -> list[CalendarFeed]:
    """Return the live calendar addresses of a doctor or a patient, the newest first."""
    if (doctor_id is None) == (patient_id is None):
        raise ValueError("feeds are of one doctor or of one patient")
    live = CalendarFeed.objects.filter(doctor=doctor_id, patient=patient_id, revoked_at=None)
    return list(live.order_by("-id"))


def feed_calendar(feed: CalendarFeed, *, now: dt.datetime) -> FeedCalendar:
    """Return the calendar of a feed: visits of the last 30 days and the coming year. One query for its etag."""
    facts = _visits(feed, now).aggregate(latest=Max("updated_at"), count=Count("pk"))
    language = organisation().language
    mark = f"{feed.pk}:{facts['latest']}:{facts['count']}:{now.date()}:{language}"
    return FeedCalendar(feed=feed, etag=sha256(mark.encode()).hexdigest()[:32], language=language, now=now)


def _visits(feed: CalendarFeed, now: dt.datetime) -> QuerySet[Appointment]:
    day = now.replace(hour=0, minute=0, second=0, microsecond=0)
    rows = Appointment.objects.filter(
        status__in=_SHOWN,
        appointment_date__gte=day - dt.timedelta(days=PAST_DAYS),
        appointment_date__lt=day + dt.timedelta(days=COMING_DAYS),
    )
    if feed.doctor_id is not None:
        return rows.filter(doctor=feed.doctor_id)
    return rows.filter(patient=feed.patient_id)


def _calendar(feed: CalendarFeed, now: dt.datetime) -> str:
    rows = _visits(feed, now).select_related("patient", "doctor__user", "service", "clinic")
    calendar = Calendar()
    calendar.add("version", "2.0")
    calendar.add("prodid", f"-//{settings.PLATFORM_NAME}//Calendar//EN")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", _("Visits: %(clinic)s") % {"clinic": organisation().name})
    calendar.add("x-published-ttl", "PT15M")
    years = {now.year}
    for visit in rows.order_by("appointment_date", "pk")[:MOST_VISITS]:
        calendar.add_component(_event(visit, of_doctor=feed.doctor_id is not None))
        years.add(visit.appointment_date.year)
    # The zones' rules around the visits only: their whole history since 1970 makes a file of kilobytes each.
    calendar.add_missing_timezones(
        first_date=dt.date(min(years) - 1, 1, 1), last_date=dt.date(max(years) + 2, 1, 1)
    )
    text: str = calendar.to_ical().decode()
    return text


def _event(visit: Appointment, *, of_doctor: bool) -> Event:
    """One visit. A doctor's calendar names the patient by initials only: phones sync to clouds that are not ours."""
    zone = ZoneInfo(visit.time_zone)
    event = Event()
    event.add("uid", visit_uid(visit))
    event.add("sequence", visit.version)
    event.add("dtstamp", visit.updated_at.astimezone(dt.UTC))
    event.add("dtstart", visit.appointment_date.astimezone(zone))
    event.add("dtend", visit.ends_at.astimezone(zone))
    who = _initials(visit) if of_doctor else str(visit.doctor)
    event.add("summary", f"{visit.service.name}: {who}")
    event.add("location", f"{visit.clinic.name}, {visit.clinic.address}")
    event.add("status", "TENTATIVE" if visit.awaiting_approval else "CONFIRMED")
    event.add("transp", "OPAQUE")
    event.add("class", "PRIVATE")
    return event


def _initials(visit: Appointment) -> str:
    names = (visit.patient.first_name, visit.patient.last_name)
    return " ".join(f"{name[0]}." for name in names if name)
