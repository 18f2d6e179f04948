"""The catcher's pages. Everything from a message is escaped; its HTML is shown only in a sandboxed frame."""

from __future__ import annotations

import re
from email.utils import parseaddr
from html import escape
from urllib.parse import quote

from icalendar import Calendar, Event

from infra.local.mail.store import Mail, Part

_VIEWS = {"html": "Message", "text": "Plain text", "source": "Source"}


def page(mails: list[Mail], chosen: Mail | None, view: str) -> str:
    """The whole page: the list of messages and the chosen one, if any."""
    title = f"{chosen.subject} · Mail" if chosen else f"Mail ({len(mails)})"
    rows = "".join(_row(mail, is_chosen=chosen is not None and mail.key == chosen.key) for mail in mails)
    empty = '<p class="empty">Nothing yet. Every message that the product sends is caught here.</p>'
    nothing = '<div class="welcome"><h2>Pick a message</h2><p>Nothing here leaves this machine.</p></div>'
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<link rel="icon" href="data:,"><link rel="stylesheet" href="/assets/mail.css">
<script src="/assets/mail.js" defer></script>
</head>
<body class="{"reading" if chosen else "listing"}">
<header class="top">
<a class="brand" href="/"><svg viewBox="0 0 24 24" aria-hidden="true"><rect x="3" y="5" width="18" height="14" rx="3"/>
<path d="m4 7 8 6 8-6"/></svg>Mail catcher</a>
<form method="post" action="/clear"><button{"" if mails else " disabled"}>Clear all</button></form>
</header>
<nav id="list" aria-label="Messages" data-newest="{mails[0].key if mails else ""}">{rows or empty}</nav>
<main>{_reader(chosen, view) if chosen else nothing}</main>
</body>
</html>
"""


def html_body(mail: Mail) -> str:
    """The HTML body for the frame: links open in a new tab, `cid:` pictures come from this server."""
    body = mail.body("html") or ""
    for part in mail.parts():
        if part.content_id:
            body = body.replace(f"cid:{part.content_id}", _part_url(mail, part))
    base = '<base target="_blank">'
    return (
        re.sub(r"<head[^>]*>", lambda found: found[0] + base, body, count=1)
        if "<head" in body
        else base + body
    )


def _row(mail: Mail, *, is_chosen: bool) -> str:
    current = ' aria-current="page"' if is_chosen else ""
    return (
        f'<a class="row" href="/m/{mail.key}"{current}>'
        f'<span class="to">{escape(mail.header("To"))}</span>{_time(mail)}'
        f'<span class="subject">{escape(mail.subject)}</span>'
        f'<span class="from">{escape(_sender(mail))}</span></a>'
    )


def _time(mail: Mail) -> str:
    stamp = mail.received_at
    return f'<time datetime="{stamp.isoformat()}">{stamp:%d %b %H:%M:%S} UTC</time>'


def _sender(mail: Mail) -> str:
    name, address = parseaddr(mail.header("From"))
    return name or address


def _reader(mail: Mail, view: str) -> str:
    has = {"html": mail.body("html") is not None, "text": mail.body("plain") is not None, "source": True}
    if not has.get(view, False):
        view = next(name for name in _VIEWS if has[name])
    tabs = "".join(
        f'<a href="/m/{mail.key}?view={name}"{" aria-current=true" if name == view else ""}>{label}</a>'
        for name, label in _VIEWS.items()
        if has[name]
    )
    if view == "html":
        body = (
            f'<iframe title="Message" src="/m/{mail.key}/html" '
            'sandbox="allow-popups allow-popups-to-escape-sandbox"></iframe>'
        )
    else:
        text = mail.body("plain") if view == "text" else mail.source.decode(errors="replace")
        body = f"<pre>{_linked(text or '')}</pre>"
    names = ("From", "To", "Cc", "Reply-To")
    headers = "".join(
        f"<dt>{name}</dt><dd>{escape(value)}</dd>" for name in names if (value := mail.header(name))
    )
    return (
        f'<article><a class="back" href="/">All messages</a><h1>{escape(mail.subject)}</h1>'
        f"<dl>{headers}<dt>Caught</dt><dd>{_time(mail)}</dd></dl>{_parts(mail)}"
        f'<div class="tabs">{tabs}</div>{body}</article>'
    )


def _linked(text: str) -> str:
    """Escaped text whose web addresses are links."""
    pieces = re.split(r"(https?://[^\s<>\"]+)", text)
    return "".join(
        f'<a href="{escape(piece)}" target="_blank" rel="noopener noreferrer">{escape(piece)}</a>'
        if place % 2
        else escape(piece)
        for place, piece in enumerate(pieces)
    )


def _part_url(mail: Mail, part: Part) -> str:
    return f"/m/{mail.key}/part/{part.number}/{quote(part.name, safe='')}"


def _parts(mail: Mail) -> str:
    cards = [_card(mail, part) for part in mail.parts()]
    return f'<ul class="parts">{"".join(cards)}</ul>' if cards else ""


def _card(mail: Mail, part: Part) -> str:
    facts = f"{escape(part.content_type)}, {len(part.content)} bytes"
    if part.content_type == "text/calendar":
        facts += "".join(f"<br>{escape(line)}" for line in _events(part.content))
    return f'<li><a href="{_part_url(mail, part)}">{escape(part.name)}</a><small>{facts}</small></li>'


def _events(content: bytes) -> list[str]:
    """One line per event of a calendar file, or what is wrong with the file."""
    try:
        calendar = Calendar.from_ical(content)
    except ValueError as error:
        return [f"Not a valid calendar file: {error}"]
    lines = [f"METHOD {calendar.get('METHOD', 'none')}"]
    for event in calendar.walk("VEVENT"):
        if isinstance(event, Event):
            span = " – ".join(str(event.decoded(name)) for name in ("DTSTART", "DTEND") if name in event)
            facts = (event.get("SUMMARY", ""), span, event.get("LOCATION", ""), event.get("STATUS", ""))
            lines.append(" · ".join(str(fact) for fact in facts if fact))
    return lines
