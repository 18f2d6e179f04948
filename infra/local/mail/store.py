"""The caught messages, one `.eml` file each."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

KEEP = 500
_NAME = re.compile(r"\d{19}")


@dataclass(frozen=True)
class Part:
    """An attachment or inline picture."""

    number: int
    name: str
    content_type: str
    content_id: str
    content: bytes


@dataclass(frozen=True)
class Mail:
    """One caught message."""

    key: str
    message: EmailMessage
    source: bytes

    @property
    def received_at(self) -> datetime:
        """When it was caught, in UTC."""
        return datetime.fromtimestamp(int(self.key) / 1e9, tz=UTC)

    @property
    def subject(self) -> str:
        """The subject, or a placeholder."""
        return self.header("Subject") or "(no subject)"

    def header(self, name: str) -> str:
        """A decoded header, empty when absent."""
        return str(self.message.get(name, ""))

    def body(self, kind: str) -> str | None:
        """The `html` or `plain` body, None when the message has none."""
        part = self.message.get_body(preferencelist=(kind,))
        return part.get_content() if isinstance(part, EmailMessage) else None

    def parts(self) -> list[Part]:
        """What is neither the text nor the HTML body, inline pictures included."""
        bodies = {id(self.message.get_body(preferencelist=(kind,))) for kind in ("html", "plain")}
        found: list[Part] = []
        for part in self.message.walk():
            if part.is_multipart() or id(part) in bodies:
                continue
            content = part.get_payload(decode=True)
            number = len(found) + 1
            found.append(
                Part(
                    number,
                    part.get_filename() or f"part-{number}",
                    part.get_content_type(),
                    str(part.get("Content-ID", "")).strip("<> "),
                    content if isinstance(content, bytes) else b"",
                )
            )
        return found


class Store:
    """A folder of messages, newest first; the oldest go when there are more than KEEP."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def add(self, source: bytes) -> None:
        """Saves a message; readers never see half of it."""
        path = self._folder / f"{time.time_ns():019d}.eml"
        draft = path.with_suffix(".new")
        draft.write_bytes(source)
        draft.rename(path)
        for old in self.newest_first()[KEEP:]:
            (self._folder / f"{old}.eml").unlink(missing_ok=True)

    def newest_first(self) -> list[str]:
        """Keys of all messages, newest first."""
        return sorted((path.stem for path in self._folder.glob("*.eml")), reverse=True)

    def get(self, key: str) -> Mail | None:
        """The message, None when there is none."""
        if not _NAME.fullmatch(key):
            return None
        try:
            source = (self._folder / f"{key}.eml").read_bytes()
        except FileNotFoundError:
            return None
        return Mail(key, message_from_bytes(source, _class=EmailMessage, policy=policy.default), source)

    def all(self) -> list[Mail]:
        """All messages, newest first."""
        return [mail for key in self.newest_first() if (mail := self.get(key)) is not None]

    def clear(self) -> None:
        """Removes all messages."""
        for key in self.newest_first():
            (self._folder / f"{key}.eml").unlink(missing_ok=True)
