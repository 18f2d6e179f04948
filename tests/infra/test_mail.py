from __future__ import annotations

import http.client
import smtplib
import subprocess
import sys
import threading
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from infra.local import processes
from infra.local.mail.store import KEEP, Store
from infra.local.mail.web import make_server

CALENDAR = (
    b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:test\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:1\r\n"
    b"DTSTAMP:20261101T100000Z\r\nDTSTART:20261125T100000Z\r\nDTEND:20261125T103000Z\r\n"
    b"SUMMARY:Checkup\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)


def letter(subject: str = "Вы записаны <b>") -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = subject
    message["From"] = "Clinic <clinic@example.com>"
    message["To"] = "patient@example.com"
    message.set_content("Hello\nhttp://localhost:8000/manage?a=1&b=2\n")
    message.add_alternative("<html><head></head><body><script>x</script></body></html>", subtype="html")
    message.add_attachment(CALENDAR, maintype="text", subtype="calendar", filename="visit.ics")
    return message


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "mail")


@pytest.fixture
def port(store: Store) -> Iterator[int]:
    server = make_server(store, port=(port := processes.free_port()))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield port
    server.shutdown()
    server.server_close()
    thread.join()


def ask(port: int, path: str, *, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], str]:
    connection = http.client.HTTPConnection(processes.LOOPBACK, port, timeout=10)
    connection.request(method, path, headers={"Host": f"localhost:{port}", **headers})
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    return answer.status, dict(answer.getheaders()), body


def test_page_without_messages_says_so(port: int) -> None:
    status, headers, body = ask(port, "/")
    assert status == 200
    assert "Nothing yet" in body
    assert "unsafe" not in headers["Content-Security-Policy"]


def test_message_is_listed_escaped_with_its_event(port: int, store: Store) -> None:
    store.add(letter().as_bytes())
    key = store.newest_first()[0]
    _, _, body = ask(port, f"/m/{key}")
    assert "Вы записаны &lt;b&gt;" in body
    assert "Checkup" in body
    assert "<script>x" not in body


def test_html_body_is_sandboxed(port: int, store: Store) -> None:
    store.add(letter().as_bytes())
    _, headers, body = ask(port, f"/m/{store.newest_first()[0]}/html")
    assert "<script>x</script>" in body
    assert "sandbox" in headers["Content-Security-Policy"]
    assert "allow-scripts" not in headers["Content-Security-Policy"]


def test_plain_text_has_links(port: int, store: Store) -> None:
    store.add(letter().as_bytes())
    _, _, body = ask(port, f"/m/{store.newest_first()[0]}?view=text")
    assert 'href="http://localhost:8000/manage?a=1&amp;b=2"' in body


def test_attachment_is_downloaded_as_it_was_sent(port: int, store: Store) -> None:
    store.add(letter().as_bytes())
    status, headers, body = ask(port, f"/m/{store.newest_first()[0]}/part/1/visit.ics")
    assert status == 200
    assert headers["Content-Disposition"] == "attachment"
    assert body.replace("\r\n", "\n") == CALENDAR.decode().replace("\r\n", "\n")


@pytest.mark.parametrize(
    "path", ["/m/1", "/m/../../etc/passwd", "/m/0000000000000000000/html", "/assets/../web.py", "/nothing"]
)
def test_unknown_paths_answer_404(port: int, path: str) -> None:
    assert ask(port, path)[0] == 404


def test_foreign_host_is_refused(port: int) -> None:
    assert ask(port, "/", Host="evil.example.com")[0] == 421


def test_clear_needs_our_own_page(port: int, store: Store) -> None:
    store.add(letter().as_bytes())
    assert ask(port, "/clear", method="POST", Origin="http://evil.example.com")[0] == 403
    assert store.newest_first()
    assert ask(port, "/clear", method="POST", Origin=f"http://localhost:{port}")[0] == 303
    assert not store.newest_first()


def test_store_keeps_the_newest(store: Store) -> None:
    for number in range(KEEP + 3):
        store.add(f"Subject: {number}\n\n".encode())
    mails = store.all()
    assert len(mails) == KEEP
    assert mails[0].subject == str(KEEP + 2)


def test_broken_messages_are_shown_not_lost(port: int, store: Store) -> None:
    store.add(b"\xff\xfe no headers at all")
    store.add(
        b"Content-Type: text/calendar; name=x.ics\nContent-Disposition: attachment; filename=x.ics\n\nBEGIN:NO"
    )
    for key in store.newest_first():
        assert ask(port, f"/m/{key}?view=source")[0] == 200


@pytest.mark.slow
@pytest.mark.integration
def test_catcher_takes_mail_over_smtp_and_ends_on_sigterm(tmp_path: Path) -> None:
    smtp, web = processes.free_port(), processes.free_port()
    command = [sys.executable, "-m", "infra.local.mail", "--smtp-port", str(smtp), "--web-port", str(web)]
    process = subprocess.Popen([*command, "--folder", str(tmp_path)])
    try:
        assert processes.wait_until(lambda: not processes.is_port_free(web), seconds=20)
        with smtplib.SMTP(processes.LOOPBACK, smtp) as client:
            client.send_message(letter("Caught"))
        assert "Caught" in ask(web, "/")[2]
    finally:
        process.terminate()
    assert process.wait(10) == 0
