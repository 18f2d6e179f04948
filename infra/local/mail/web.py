"""The catcher's web server: loopback only, no state but the folder of messages."""

from __future__ import annotations

import logging
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from infra.local.mail import pages
from infra.local.mail.store import Mail, Store
from infra.local.processes import LOOPBACK

logger = logging.getLogger(__name__)

_ASSETS = Path(__file__).with_name("assets")
_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"}
_HTML = "text/html; charset=utf-8"
_PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# A message's HTML has inline styles, and pictures of the product. The sandbox takes away its origin and scripts.
_MESSAGE_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; "
    "img-src 'self' data: http://localhost:* http://*.localhost:*; font-src data:; "
    "frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
)
_PART_POLICY = "default-src 'none'; sandbox"


def make_server(store: Store, *, port: int) -> ThreadingHTTPServer:
    """A server on the loopback port that shows the store. Raises OSError when the port is taken."""

    class Handler(_Handler):
        messages = store
        hosts = frozenset(f"{name}:{port}" for name in ("localhost", LOOPBACK))

    return ThreadingHTTPServer((LOOPBACK, port), Handler)


class _Handler(BaseHTTPRequestHandler):
    messages: Store
    hosts: frozenset[str]
    server_version = "PolyclinicMail"
    sys_version = ""

    def do_GET(self) -> None:
        """Pages, parts and assets."""
        if not self._is_our_host():
            return
        address = urlsplit(self.path)
        match address.path.strip("/").split("/"):
            case [""]:
                self._page(None, "")
            case ["assets", name]:
                self._asset(name)
            case ["m", key]:
                self._page(key, parse_qs(address.query).get("view", ["html"])[0])
            case ["m", key, "html"] if mail := self.messages.get(key):
                self._send(pages.html_body(mail).encode(), _HTML, _MESSAGE_POLICY)
            case ["m", key, "part", number, _] if mail := self.messages.get(key):
                self._part(mail, number)
            case _:
                self._missing()

    def do_POST(self) -> None:
        """Clear all; only from our own page."""
        if not self._is_our_host():
            return
        if self.path != "/clear":
            self._missing()
            return
        if self.headers.get("Origin") != f"http://{self.headers['Host']}":
            self._send(
                b"Refused: the request came from another site.", "text/plain", status=HTTPStatus.FORBIDDEN
            )
            return
        self.messages.clear()
        self.send_response(HTTPStatus.SEE_OTHER)
        self.send_header("Location", "/")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Requests are of no interest unless somebody asks."""
        logger.debug(format, *args)

    def _is_our_host(self) -> bool:
        """Refuses other host names, so that a foreign page cannot read mail by DNS rebinding."""
        if self.headers.get("Host") in self.hosts:
            return True
        self._send(b"Unknown host.", "text/plain", status=HTTPStatus.MISDIRECTED_REQUEST)
        return False

    def _page(self, key: str | None, view: str) -> None:
        chosen = None
        if key is not None and (chosen := self.messages.get(key)) is None:
            self._missing()
            return
        self._send(pages.page(self.messages.all(), chosen, view).encode(), _HTML)

    def _part(self, mail: Mail, number: str) -> None:
        for part in mail.parts():
            if str(part.number) == number:
                is_picture = part.content_type.startswith("image/")
                disposition = "inline" if is_picture else "attachment"
                self._send(part.content, part.content_type, _PART_POLICY, disposition=disposition)
                return
        self._missing()

    def _asset(self, name: str) -> None:
        path = _ASSETS / name
        if path.suffix in _TYPES and path.name in {found.name for found in _ASSETS.iterdir()}:
            self._send(path.read_bytes(), _TYPES[path.suffix])
        else:
            self._missing()

    def _missing(self) -> None:
        text = b"There is no such message (any more). <a href='/'>All messages</a>"
        self._send(text, _HTML, status=HTTPStatus.NOT_FOUND)

    def _send(
        self,
        body: bytes,
        content_type: str,
        policy: str = _PAGE_POLICY,
        *,
        status: HTTPStatus = HTTPStatus.OK,
        disposition: str | None = None,
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", policy)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "same-origin")
        self.send_header("Cache-Control", "no-store")
        if disposition:
            self.send_header("Content-Disposition", disposition)
        self.end_headers()
        self.wfile.write(body)
