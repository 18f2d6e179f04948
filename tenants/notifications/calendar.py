"""The calendar file of a visit (RFC 5545): one UID for its whole life, a SEQUENCE that grows with every change."""

import datetime as dt
from zoneinfo import ZoneInfo

from django.conf import settings
from icalendar import Calendar, Event, vCalAddress, vText

from tenants.booking.feeds.uids import visit_uid
from tenants.booking.models import Appointment, AppointmentStatus


def visit_calendar(
    appointment: Appointment,
    *,
    summary: str,
    description: str,
    location: str,
    organizer_name: str,
    organizer_email: str,
    attendee_email: str,
    url: str,
    now: dt.datetime,
) -> tuple[str, str]:
    """Return the iTIP method and the calendar text: a request, or a cancellation of a cancelled visit.

    Times are in the clinic's zone with its VTIMEZONE. `attendee_email` may be empty.
    """
    is_cancelled = appointment.status == AppointmentStatus.CANCELLED
    method = "CANCEL" if is_cancelled else "REQUEST"
    zone = ZoneInfo(appointment.time_zone)
    event = Event()
    event.add("uid", visit_uid(appointment))
    event.add("sequence", appointment.version)
    event.add("dtstamp", now.astimezone(dt.UTC))
    event.add("dtstart", appointment.appointment_date.astimezone(zone))
    event.add("dtend", appointment.ends_at.astimezone(zone))
    event.add("summary", summary)
    event.add("description", description)
    event.add("location", location)
    event.add("url", url)
    event.add("status", "CANCELLED" if is_cancelled else "CONFIRMED")
    event.add("transp", "TRANSPARENT" if is_cancelled else "OPAQUE")
    organizer = vCalAddress(f"mailto:{organizer_email}")
    organizer.params["cn"] = vText(organizer_name)
    event.add("organizer", organizer)
    if attendee_email:
        event.add("attendee", _attendee(attendee_email))
    calendar = Calendar()
    calendar.add("version", "2.0")
    calendar.add("prodid", f"-//{settings.PLATFORM_NAME}//Visits//EN")
    calendar.add("method", method)
    calendar.add_component(event)
    # The zone's rules around the visit only: its whole history since 1970 makes a file of four kilobytes.
    year = appointment.appointment_date.year
    calendar.add_missing_timezones(first_date=dt.date(year - 1, 1, 1), last_date=dt.date(year + 2, 1, 1))
    return method, calendar.to_ical().decode()


def _attendee(email: str) -> vCalAddress:
    attendee = vCalAddress(f"mailto:{email}")
    attendee.params["partstat"] = vText("ACCEPTED")
    attendee.params["rsvp"] = vText("FALSE")
    return attendee
