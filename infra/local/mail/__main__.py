"""`python -m infra.local.mail --smtp-port N --web-port N --folder DIR`; ends on SIGTERM."""

from __future__ import annotations

import argparse
import signal
import threading
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from infra.local.mail.store import Store
from infra.local.mail.web import make_server
from infra.local.processes import LOOPBACK

_LIMIT_BYTES = 30_000_000


class _Catch:
    """The hook that aiosmtpd calls with each message."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name and signature
        content = envelope.content
        self._store.add(content if isinstance(content, bytes) else (content or "").encode())
        return "250 Message accepted for display"


def main() -> None:
    """Serves SMTP and the web page until a signal ends the process."""
    parser = argparse.ArgumentParser(prog="python -m infra.local.mail")
    parser.add_argument("--smtp-port", type=int, required=True)
    parser.add_argument("--web-port", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    options = parser.parse_args()
    store = Store(options.folder)
    ended = threading.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_: ended.set())
    smtp = Controller(_Catch(store), hostname=LOOPBACK, port=options.smtp_port, data_size_limit=_LIMIT_BYTES)
    smtp.start()
    web = make_server(store, port=options.web_port)
    threading.Thread(target=web.serve_forever, daemon=True).start()
    ended.wait()
    web.shutdown()
    web.server_close()
    smtp.stop()


if __name__ == "__main__":
    main()
