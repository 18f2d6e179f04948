"""One processor that keeps personal and health data out of logs and error reports.

Both structlog and Sentry pass their events through `scrub`. It works on keys, because a value such as a
name cannot be told from any other text, and on values that have a recognisable shape (addresses, phones,
card numbers, bearer tokens).
"""

import re
from collections.abc import Mapping, MutableMapping
from functools import lru_cache
from typing import Any, cast

from sentry_sdk.types import Event

REMOVED = "[removed]"

_PERSONAL_KEYS = re.compile(
    r"pass(word|wd)|secret|token|authori[sz]ation|cookie|session|csrf|api_?key|credential|signature|"
    r"e-?mail|phone|(first|last|middle|full|patient|display)_?name|birth|gender|address|notes?$|comment|"
    r"diagnos|complaint|passport|snils|card|iban|otp|code_entered|body|query_string|idempotency",
    re.IGNORECASE,
)
_PERSONAL_SHAPES = (
    re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+"),
    re.compile(r"(?<![\w-])\+?\d[\d\s()-]{8,}\d(?![\w-])"),
    re.compile(r"(?i)\b(?:bearer|token|basic)\s+[\w.~+/=-]{8,}"),
    re.compile(r"(?<=/)[\w:.~=-]{40,}"),  # a signed link's token in a path
)
_MAX_DEPTH = 12


def scrub(value: object, *, depth: int = 0) -> Any:  # noqa: ANN401 - as deep a structure as it was given
    """Return a copy of `value` with personal data replaced by a marker, at any depth."""
    if depth > _MAX_DEPTH:
        return REMOVED
    if isinstance(value, Mapping):
        return {
            key: REMOVED
            if _is_personal_key(str(key)) and item not in (None, "")
            else scrub(item, depth=depth + 1)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple | set):
        return [scrub(item, depth=depth + 1) for item in value]
    if isinstance(value, str):
        return scrub_text(value)
    return value


def scrub_text(text: str) -> str:
    """Return `text` with addresses, phone-like numbers and tokens masked, and no control characters.

    Line feeds and escapes go because a log line must never be forged by what a person typed.
    """
    for shape in _PERSONAL_SHAPES:
        text = shape.sub(REMOVED, text)
    if text.isprintable():  # nearly always; looking at each character costs a request a measurable part
        return text
    return "".join(character if character.isprintable() or character == "\t" else " " for character in text)


def scrub_log_event(_logger: object, _method: str, event: MutableMapping[str, Any]) -> dict[str, Any]:
    """Process an event for structlog."""
    kept = {key: event.pop(key) for key in ("timestamp", "level", "request_id", "logger") if key in event}
    return {**scrub(event), **kept}


def scrub_sentry_event(event: Event, _hint: dict[str, Any]) -> Event:
    """Sentry `before_send`: drops request bodies, cookies and local variables, then scrubs what is left."""
    request = event.get("request", {})
    for part in ("data", "cookies", "headers", "env", "query_string"):
        request.pop(part, None)
    for exception in event.get("exception", {}).get("values", []):
        for frame in (exception.get("stacktrace") or {}).get("frames", []):
            frame.pop("vars", None)
    event.pop("user", None)
    return cast("Event", scrub(event))


@lru_cache(maxsize=1024)
def _is_personal_key(key: str) -> bool:
    return _PERSONAL_KEYS.search(key) is not None
