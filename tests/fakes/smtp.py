"""A real SMTP server on loopback that can be told to misbehave.

It speaks the protocol through aiosmtpd, so what the product sends is what a provider would receive. Each mode is
a failure seen in practice; `received` holds what the server took, which in mode `drop_after_data` includes
messages whose sender never heard of it.
"""

from __future__ import annotations

import asyncio
import email
import email.policy
import socket
from email.message import EmailMessage
from enum import Enum
from typing import Any, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


class Mode(Enum):
    """How the server answers."""

    ACCEPT = "accept"
    REFUSE_RECIPIENT = "550 at RCPT: no such mailbox"
    TRY_LATER = "451 after DATA: greylisted"
    REJECT = "554 after DATA: content rejected"
    DROP_AFTER_DATA = "takes the message, then hangs up without an answer"
    SLOW = "answers DATA later than the client waits"


class FakeSmtp:
    """Use as a context manager; `django_settings` gives Django's settings for it."""

    def __init__(self, *, slow_seconds: float = 3.0) -> None:
        self.mode = Mode.ACCEPT
        self.received: list[EmailMessage] = []
        self.recipients: list[list[str]] = []
        self.attempts = 0
        self._slow_seconds = slow_seconds
        self.port = _free_port()
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(self, *_exc_info: object) -> None:
        self._controller.stop(no_assert=True)

    def django_settings(self, *, timeout: float = 1.0) -> dict[str, Any]:
        """Return the settings with which Django sends here."""
        return {
            "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
            "EMAIL_HOST": "127.0.0.1",
            "EMAIL_PORT": self.port,
            "EMAIL_HOST_USER": "",
            "EMAIL_HOST_PASSWORD": "",
            "EMAIL_USE_TLS": False,
            "EMAIL_USE_SSL": False,
            "EMAIL_TIMEOUT": timeout,
        }

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.mode is Mode.REFUSE_RECIPIENT:
            return "550 5.1.1 No such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.attempts += 1
        if self.mode is Mode.TRY_LATER:
            return "451 4.7.1 Greylisted, try again later"
        if self.mode is Mode.REJECT:
            return "554 5.7.1 Rejected"
        if self.mode is Mode.SLOW:
            await asyncio.sleep(self._slow_seconds)
        content = envelope.content
        assert isinstance(content, bytes)
        self.received.append(email.message_from_bytes(content, policy=email.policy.default))
        self.recipients.append(list(envelope.rcpt_tos))
        if self.mode is Mode.DROP_AFTER_DATA:
            transport = server.transport
            assert isinstance(transport, asyncio.WriteTransport)
            transport.abort()
        return "250 OK"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
