"""Letters about visits: through a real SMTP server, well behaved and not."""

from __future__ import annotations

import datetime as dt
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any

import pytest
from icalendar import Calendar, Event
from pytest_django import Settings

from saas.core.colours import palette
from saas.networks.context import NetworkRef
from tenants.audit.actions import GUEST
from tenants.booking.actions import cancel_appointment, reschedule_appointment
from tenants.booking.links import appointment_from_token
from tenants.booking.models import Appointment
from tenants.clinics.models import Organisation
from tenants.notifications.channels.email import one_line
from tenants.notifications.letters import calendar_file, patient_letter
from tenants.outbox import worker
from tenants.outbox.models import OutboxDelivery
from tests.factories import Bookable, make_bookable, make_clinic
from tests.fakes.smtp import FakeSmtp, Mode
from tests.tenants.booking.helpers import NINE, NOW, book

pytestmark = pytest.mark.django_db

HALF_HOUR = dt.timedelta(minutes=30)


@pytest.fixture
def smtp(settings: Settings) -> Iterator[FakeSmtp]:
    with FakeSmtp(slow_seconds=1.5) as server:
        for name, value in server.django_settings(timeout=0.5).items():
            setattr(settings, name, value)
        yield server


@pytest.fixture
def bookable(network: NetworkRef) -> Bookable:
    made = make_bookable(clinic=make_clinic(email="desk@clinic.example", address="Lesnaya 5", city="Moscow"))
    made.service.preparation_instructions = "Do not eat for 8 hours."
    made.service.save()
    return made


def parts(message: EmailMessage) -> dict[str, EmailMessage]:
    return {part.get_content_type(): part for part in message.walk() if not part.is_multipart()}


def to_patient(smtp: FakeSmtp, bookable: Bookable) -> list[EmailMessage]:
    pairs = zip(smtp.received, smtp.recipients, strict=True)
    return [message for message, addresses in pairs if addresses == [bookable.patient.email]]


@dataclass(frozen=True, slots=True)
class Parsed:
    """A calendar file: properties of the calendar and its event, and the parts of each time zone by name."""

    calendar: dict[str, Any]
    event: dict[str, Any]
    zones: dict[str, set[str]]


def ics(message: EmailMessage) -> Parsed:
    calendar = Calendar.from_ical(parts(message)["text/calendar"].get_content())
    (event,) = calendar.walk("VEVENT")
    zones = {
        str(zone["TZID"]): {str(part.name) for part in zone.subcomponents}
        for zone in calendar.walk("VTIMEZONE")
    }
    return Parsed(calendar=dict(calendar.items()), event=dict(event.items()), zones=zones)


def test_confirmation_reaches_patient_and_clinic(smtp: FakeSmtp, bookable: Bookable) -> None:
    appointment = book(bookable)
    assert worker.deliver_due() == 2
    assert smtp.recipients == [[bookable.patient.email], ["desk@clinic.example"]]
    message = smtp.received[0]
    assert message["Subject"] == f"You are booked: Tue 12 Jan 2027, 9:00, {bookable.service.name}"
    assert message["Reply-To"] == "desk@clinic.example"
    assert message["From"].startswith("Clinic first <") or "<noreply@" in message["From"]
    text = parts(message)["text/plain"].get_content()
    for words in (
        "Tue 12 Jan 2027, 9:00",
        "Moscow time (UTC+3)",
        "2,500",
        "Lesnaya 5",
        "Do not eat for 8 hours.",
    ):
        assert words in text, words
    assert "Do not eat" in parts(message)["text/html"].get_content()
    link = next(word for word in text.split() if "/visits/" in word)
    assert link.startswith("http://first.localhost/visits/")
    assert appointment_from_token(link.split("/")[-2]) == appointment
    assert set(OutboxDelivery.objects.values_list("state", flat=True)) == {"sent"}


def test_calendar_file_keeps_its_uid_and_counts_changes(smtp: FakeSmtp, bookable: Bookable) -> None:
    appointment = book(bookable)
    worker.deliver_due()
    reschedule_appointment(public_id=appointment.public_id, starts_at=NINE + HALF_HOUR, actor=GUEST, now=NOW)
    worker.deliver_due()
    cancel_appointment(public_id=appointment.public_id, reason="ill", actor=GUEST, now=NOW)
    worker.deliver_due()
    letters = to_patient(smtp, bookable)
    files = [ics(letter) for letter in letters]
    events = [file.event for file in files]
    assert [str(file.calendar["METHOD"]) for file in files] == ["REQUEST", "REQUEST", "CANCEL"]
    assert {str(event["UID"]) for event in events} == {f"{appointment.public_id}@localhost"}
    assert [int(event["SEQUENCE"]) for event in events] == [1, 2, 3]
    assert [str(event["STATUS"]) for event in events] == ["CONFIRMED", "CONFIRMED", "CANCELLED"]
    assert [event["DTSTART"].dt for event in events] == [NINE, NINE + HALF_HOUR, NINE + HALF_HOUR]
    for file, letter in zip(files, letters, strict=True):
        assert file.event["DTSTART"].params["TZID"] == "Europe/Moscow"
        assert set(file.zones) == {"Europe/Moscow"}
        assert "Lesnaya 5" in str(file.event["LOCATION"])
        assert str(file.event["ORGANIZER"]).startswith("mailto:")
        assert parts(letter)["text/calendar"].get_param("method") == str(file.calendar["METHOD"])
        assert parts(letter)["text/calendar"].get_filename() == "visit.ics"
    assert len({letter["Message-ID"] for letter in letters}) == 3


def test_daylight_saving_clinic_has_its_rules_in_the_file(smtp: FakeSmtp, network: NetworkRef) -> None:
    bookable = make_bookable(time_zone="Europe/Berlin")
    book(bookable, NINE + dt.timedelta(hours=2))
    worker.deliver_due()
    file = ics(to_patient(smtp, bookable)[0])
    assert file.zones == {"Europe/Berlin": {"STANDARD", "DAYLIGHT"}}
    assert file.event["DTSTART"].to_ical() == b"20270112T090000"


def test_letter_is_in_the_language_of_the_booking(smtp: FakeSmtp, bookable: Bookable) -> None:
    book(bookable, language="ru")
    worker.deliver_due()
    message = to_patient(smtp, bookable)[0]
    assert message["Content-Language"] == "ru"
    text = parts(message)["text/plain"].get_content()
    assert "вт, 12 января 2027, 9:00" in text
    assert "2 500 ₽".replace(" ", "\u00a0") in text


def test_letters_wear_the_brand(smtp: FakeSmtp, bookable: Bookable) -> None:
    Organisation.objects.update(brand_colour="#ffee00", logo="brand/logo.png")
    bookable.clinic.address = "Am Markt 1, MOSCOW"
    bookable.clinic.save()
    letter = patient_letter(book(bookable), topic="appointment.booked", message_id="1")
    assert letter is not None
    chosen = palette("#ffee00")
    assert f"background: {chosen.brand}" in letter.html
    assert f"color: {chosen.on_brand}" in letter.html
    assert 'src="http://first.localhost/media/' in letter.html
    assert "Moscow, Am Markt" not in letter.html
    assert "Am Markt 1, MOSCOW" in letter.html


def test_patient_without_address_is_not_written_to(smtp: FakeSmtp, bookable: Bookable) -> None:
    bookable.patient.email = ""
    bookable.patient.save()
    book(bookable)
    worker.deliver_due()
    assert smtp.recipients == [["desk@clinic.example"]]
    assert OutboxDelivery.objects.get(consumer="email_patient").last_code == "no_address"


def test_change_before_sending_tells_the_last_state_only(smtp: FakeSmtp, bookable: Bookable) -> None:
    appointment = book(bookable)
    reschedule_appointment(public_id=appointment.public_id, starts_at=NINE + HALF_HOUR, actor=GUEST, now=NOW)
    worker.deliver_due()
    assert [message["Subject"] for message in to_patient(smtp, bookable)] == [
        "Your visit has been moved to Tue 12 Jan 2027, 9:30"
    ]


def test_confirmation_of_a_cancelled_visit_is_dropped(smtp: FakeSmtp, bookable: Bookable) -> None:
    book(bookable)
    Appointment.objects.update(status="cancelled")
    worker.deliver_due()
    assert smtp.received == []
    assert set(OutboxDelivery.objects.values_list("last_code", flat=True)) == {"appointment_cancelled"}


@pytest.mark.parametrize(
    ("mode", "state", "code"),
    [
        (Mode.REFUSE_RECIPIENT, "dead", "smtp_rejected"),
        (Mode.REJECT, "dead", "smtp_rejected"),
        (Mode.TRY_LATER, "pending", "smtp_try_later"),
        (Mode.DROP_AFTER_DATA, "unknown", "smtp_connection_lost"),
        (Mode.SLOW, "unknown", "smtp_connection_lost"),
    ],
)
def test_server_that_misbehaves(
    smtp: FakeSmtp, bookable: Bookable, mode: Mode, state: str, code: str
) -> None:
    smtp.mode = mode
    book(bookable)
    worker.deliver_due()
    delivery = OutboxDelivery.objects.get(consumer="email_patient")
    assert (delivery.state, delivery.last_code) == (state, code)
    assert bookable.patient.email not in delivery.last_error


def test_letter_that_may_have_arrived_is_sent_again_under_its_old_id(
    smtp: FakeSmtp, bookable: Bookable
) -> None:
    smtp.mode = Mode.DROP_AFTER_DATA
    book(bookable)
    worker.deliver_due()
    smtp.mode = Mode.ACCEPT
    OutboxDelivery.objects.update(next_attempt_at=dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
    worker.deliver_due()
    letters = to_patient(smtp, bookable)
    assert len(letters) == 2
    assert len({letter["Message-ID"] for letter in letters}) == 1
    delivery = OutboxDelivery.objects.get(consumer="email_patient")
    assert (delivery.state, delivery.possible_duplicate) == ("sent", True)


def test_server_that_is_away(smtp: FakeSmtp, bookable: Bookable, settings: Settings) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        settings.EMAIL_PORT = unused.getsockname()[1]
        book(bookable)
        worker.deliver_due()
    delivery = OutboxDelivery.objects.get(consumer="email_patient")
    assert (delivery.state, delivery.last_code) == ("pending", "smtp_unreachable")
    settings.EMAIL_PORT = smtp.port
    OutboxDelivery.objects.update(next_attempt_at=dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
    worker.deliver_due()
    delivery.refresh_from_db()
    assert (delivery.state, delivery.possible_duplicate) == ("sent", False)


def test_names_cannot_add_headers(smtp: FakeSmtp, bookable: Bookable) -> None:
    bookable.service.name = "Check\r\nBcc: thief@example.org"
    bookable.service.save()
    Organisation.objects.update(name='Clinic "A", B\nX-Evil: 1')
    book(bookable)
    worker.deliver_due()
    for message in smtp.received:
        assert message["Bcc"] is None
        assert message["X-Evil"] is None
    assert smtp.recipients == [[bookable.patient.email], ["desk@clinic.example"]]
    assert one_line("a\r\n\tb\x00c") == "a b c"


def test_texts_are_escaped_in_html(smtp: FakeSmtp, bookable: Bookable) -> None:
    bookable.service.name = "<script>alert(1)</script>"
    bookable.service.save()
    letter = patient_letter(book(bookable), topic="appointment.booked", message_id="1")
    assert letter is not None
    assert "<script>" not in letter.html
    assert "<script>alert(1)</script>" in letter.text


@pytest.mark.parametrize(
    ("zone", "starts_at"),
    [
        ("Europe/Berlin", dt.datetime(2027, 3, 28, 7, 0, tzinfo=dt.UTC)),
        ("Europe/Berlin", dt.datetime(2027, 10, 31, 8, 0, tzinfo=dt.UTC)),
        ("America/New_York", dt.datetime(2027, 3, 14, 13, 0, tzinfo=dt.UTC)),
        ("Asia/Kathmandu", dt.datetime(2027, 3, 28, 3, 15, tzinfo=dt.UTC)),
        ("Europe/Moscow", dt.datetime(2027, 3, 28, 6, 0, tzinfo=dt.UTC)),
    ],
)
def test_calendar_file_means_the_same_instant_on_clock_change_days(
    network: NetworkRef, zone: str, starts_at: dt.datetime
) -> None:
    bookable = make_bookable(time_zone=zone)
    text = calendar_file(book(bookable, starts_at, for_staff=True))
    calendar = Calendar.from_ical(text)
    (event,) = calendar.walk("VEVENT")
    assert isinstance(event, Event)
    assert event.start == starts_at
    assert event.end - event.start == HALF_HOUR
    assert b"T090000" in text
    assert [str(part["TZID"]) for part in calendar.walk("VTIMEZONE")] == [zone]
    assert len(text) < 2500
