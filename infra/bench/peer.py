"""django-appointment as a peer: in its own virtual environment, served like the product, driven like a browser.

In its favour: the client is signed in already, nothing is mailed, no CSRF check, and the page of thanks after a
booking is not counted. A booking is its two POSTs: the time, then the client's details.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import http.client
import json
import multiprocessing
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from multiprocessing.connection import Connection
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import psycopg2
from psycopg2 import sql

from infra.bench.servers import FOLDER, WORKERS
from infra.local import processes, progress
from infra.local.errors import LocalError
from infra.local.paths import ROOT, local_dir

VERSION = "3.12.0"
PACKAGES = (f"django-appointment=={VERSION}", "django==5.2.19", "psycopg2-binary", "gunicorn", "setuptools")
DATABASE = "polyclinic_bench_peer"
STAFF = 20
_HOST = "peer.test"
_READY_SECONDS = 120
_FORK = multiprocessing.get_context("fork")
_PROJECT = Path(__file__).parent / "peer_project"
_SLOTS_A_DAY = 16


@dataclass
class Peer:
    """The running peer. Every booking takes another time."""

    port: int
    service: int
    staff: list[int]
    sessions: list[str]
    _taken: count[int] = field(default_factory=count)

    def bookings_per_second(self, bookings: int, *, senders: int) -> float:
        """Make so many bookings, spread over the senders; return how many a second there were."""
        each = bookings // senders
        pipes: list[Connection] = []
        workers = []
        begin = time.perf_counter() + 0.2
        for number in range(senders):
            times = [self._time(next(self._taken)) for _ in range(each)]
            ours, theirs = _FORK.Pipe(duplex=False)
            session = self.sessions[number % len(self.sessions)]
            worker = _FORK.Process(target=_book_all, args=(theirs, self.port, session, times, begin))
            worker.start()
            theirs.close()
            pipes.append(ours)
            workers.append(worker)
        answers: list[float | str] = [pipe.recv() for pipe in pipes]
        for worker in workers:
            worker.join()
        ends = []
        for answer in answers:
            if isinstance(answer, str):
                raise LocalError(answer)
            ends.append(answer)
        return each * senders / (max(ends) - begin)

    def _time(self, number: int) -> dict[str, str]:
        day, slot = divmod(number // len(self.staff), _SLOTS_A_DAY)
        start = dt.datetime.combine(
            dt.date.today() + dt.timedelta(days=day + 1),  # noqa: DTZ011 - the peer knows naive times only
            dt.time(9),
        ) + dt.timedelta(minutes=30 * slot)
        return {
            "date": start.date().isoformat(),
            "start_time": start.time().isoformat(),
            "end_time": (start + dt.timedelta(minutes=30)).time().isoformat(),
            "service": str(self.service),
            "staff_member": str(self.staff[number % len(self.staff)]),
        }


@contextlib.contextmanager
def running(env: Mapping[str, str]) -> Iterator[Peer]:
    """Install, migrate, seed and serve the peer for the length of the block. Raises LocalError."""
    folder = local_dir(FOLDER / "peer")
    python = _installed(folder)
    address = _fresh_database(env["DATABASE_URL"])
    migrations = folder / "peer_migrations"  # its release ships none: they are made for the empty database
    shutil.rmtree(migrations, ignore_errors=True)
    migrations.mkdir()
    (migrations / "__init__.py").touch()
    own = {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": address,
        "DJANGO_SETTINGS_MODULE": "peer_settings",
        "PYTHONPATH": f"{_PROJECT}{os.pathsep}{folder}",
        "PEER_FOLDER": str(folder),
    }
    with progress.step("django-appointment's tables and staff"):
        for arguments in (("makemigrations", "appointment"), ("migrate",)):
            _call([str(python), "-m", "django", *arguments, "--verbosity", "0"], own)
        facts = json.loads(_call([str(python), str(_PROJECT / "seed.py"), str(STAFF)], own).splitlines()[-1])
    port = processes.remembered_port(folder / "port")
    log = folder / "peer.log"
    command = [
        *(str(python), "-m", "gunicorn", "peer_wsgi:application", "--bind", f"{processes.LOOPBACK}:{port}"),
        *("--worker-class", "sync", "--workers", str(WORKERS), "--log-level", "warning"),
    ]
    with log.open("wb") as output:
        server = subprocess.Popen(command, cwd=folder, env=own, stdout=output, stderr=output)
    try:
        _wait(server, port, log)
        yield Peer(port=port, service=facts["service"], staff=facts["staff"], sessions=facts["sessions"])
    finally:
        server.terminate()
        server.wait(timeout=30)


def _installed(folder: Path) -> Path:
    """The peer's own virtual environment: its packages stay out of ours."""
    home = folder / "venv"
    python = home / "bin" / "python"
    mark = home / "installed"
    wanted = "\n".join(PACKAGES)
    if not (mark.exists() and mark.read_text() == wanted):
        with progress.step(f"django-appointment {VERSION} in its own environment"):
            _call([sys.executable, "-m", "venv", "--clear", str(home)], dict(os.environ))
            _call([str(python), "-m", "pip", "install", "--quiet", *PACKAGES], dict(os.environ))
            mark.write_text(wanted)
    return python


def _fresh_database(url: str) -> str:
    connection = psycopg2.connect(urlsplit(url)._replace(path="/postgres").geturl())
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            name = sql.Identifier(DATABASE)
            cursor.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
            cursor.execute(sql.SQL("CREATE DATABASE {}").format(name))
    finally:
        connection.close()
    return urlsplit(url)._replace(path=f"/{DATABASE}").geturl()


def _call(command: list[str], env: Mapping[str, str]) -> str:
    done = subprocess.run(command, cwd=ROOT, env=dict(env), capture_output=True, text=True, check=False)
    if done.returncode:
        message = f"{' '.join(command[:4])} failed:\n{done.stderr[-2000:]}"
        raise LocalError(message)
    return done.stdout


def _wait(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        with contextlib.suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection(processes.LOOPBACK, port, timeout=30)
            connection.request("GET", "/ready", headers={"Host": _HOST})
            if connection.getresponse().status == http.client.OK:
                return
        time.sleep(0.2)
    message = f"django-appointment did not start. End of {log}:\n{processes.last_lines(log, 30)}"
    raise LocalError(message)


def _book_all(pipe: Connection, port: int, session: str, times: list[dict[str, str]], begin: float) -> None:
    """Book one time after the other; send the instant of the end, or what went wrong."""
    client = {
        "name": "Anna Ivanova",
        "email": "anna@example.org",
        "phone_0": "US",
        "phone_1": "2124567890",
        "address": "Lesnaya 5",
        "payment_type": "full",
    }
    time.sleep(max(begin - time.perf_counter(), 0))
    for fields in times:
        status, where, body = _post(port, session, "/appointment/request-submit/", fields)
        if status != http.client.FOUND or not re.search(r"/client-info/\d+/", where):
            pipe.send(f"request-submit answered {status}: {body[:1000]}")
            return
        status, _where, body = _post(port, session, where, client)
        if status != http.client.FOUND:
            pipe.send(f"client-info answered {status}: {body[:1000]}")
            return
    pipe.send(time.perf_counter())


def _post(port: int, session: str, path: str, fields: Mapping[str, str]) -> tuple[int, str, str]:
    connection = http.client.HTTPConnection(processes.LOOPBACK, port, timeout=60)
    try:
        connection.request(
            "POST",
            path,
            body=urlencode(fields),
            headers={
                "Host": _HOST,
                "Content-Type": "application/x-www-form-urlencoded",
                "Cookie": f"sessionid={session}",
                "Connection": "close",
            },
        )
        answer = connection.getresponse()
        body = answer.read().decode("utf-8", "replace")
        return answer.status, answer.headers.get("Location", ""), body
    finally:
        connection.close()
