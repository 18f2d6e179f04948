"""Handing a letter to the mail server, and what its answer means."""

import smtplib
from dataclasses import dataclass
from email.mime.text import MIMEText
from email.utils import formataddr, parseaddr
from typing import Final

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection

from tenants.outbox.errors import DeliveryFailed

_PERMANENT: Final = 500
_TEMPORARY: Final = 400


@dataclass(frozen=True, slots=True)
class Letter:
    """A message to `recipients`. `message_id` stays the same however often the letter is sent."""

    recipients: tuple[str, ...]
    sender_name: str
    reply_to: str
    subject: str
    text: str
    html: str
    language: str
    message_id: str
    calendar: str = ""
    calendar_method: str = "REQUEST"


def send_letter(letter: Letter) -> None:
    """Send one letter. Raises DeliveryFailed; its text holds codes only, never an address.

    What fails before the server greets us was certainly not sent. A connection lost after that leaves it unknown:
    plain SMTP cannot be asked.
    """
    connection = get_connection()
    try:
        connection.open()
    except smtplib.SMTPResponseException as error:
        raise DeliveryFailed("smtp_refused_us", f"SMTP {error.smtp_code}") from error
    except (smtplib.SMTPException, OSError) as error:
        raise DeliveryFailed("smtp_unreachable", type(error).__name__) from error
    try:
        connection.send_messages([as_message(letter)])
    except smtplib.SMTPRecipientsRefused as error:
        raise _refused(max(code for code, _text in error.recipients.values())) from error
    except smtplib.SMTPResponseException as error:
        raise _refused(error.smtp_code) from error
    except (smtplib.SMTPException, OSError) as error:
        raise DeliveryFailed("smtp_connection_lost", type(error).__name__, outcome_unknown=True) from error
    finally:
        _close(connection)


def as_message(letter: Letter) -> EmailMultiAlternatives:
    """Build the message: text, HTML and the calendar file. No header can be broken into two."""
    message = EmailMultiAlternatives(
        subject=one_line(letter.subject),
        body=letter.text,
        from_email=formataddr((one_line(letter.sender_name), parseaddr(settings.DEFAULT_FROM_EMAIL)[1])),
        to=[one_line(each) for each in letter.recipients],
        reply_to=[one_line(letter.reply_to)] if letter.reply_to else None,
        headers={
            "Message-ID": f"<{letter.message_id}@{settings.PLATFORM_HOST}>",
            "Auto-Submitted": "auto-generated",
            "Content-Language": letter.language,
        },
    )
    message.attach_alternative(letter.html, "text/html")
    if letter.calendar:
        part = MIMEText(letter.calendar, "calendar", "utf-8")
        part.set_param("method", letter.calendar_method)
        part.add_header("Content-Disposition", "attachment", filename="visit.ics")
        message.attach(part)
    return message


def one_line(text: str) -> str:
    """Return the text without line breaks and control characters, for a header."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def _refused(code: int) -> DeliveryFailed:
    if code >= _PERMANENT:
        return DeliveryFailed("smtp_rejected", f"SMTP {code}", permanent=True)
    if code >= _TEMPORARY:
        return DeliveryFailed("smtp_try_later", f"SMTP {code}")
    return DeliveryFailed("smtp_connection_lost", f"SMTP {code}", outcome_unknown=True)


def _close(connection: object) -> None:
    """Close politely; a server that is gone by now has answered about the letter already."""
    close = getattr(connection, "close", None)
    if close is None:
        return
    try:
        close()
    except (smtplib.SMTPException, OSError):
        return
