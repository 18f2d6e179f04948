"""The database, the environment and the web servers of a bench run."""

from __future__ import annotations

import contextlib
import http.client
import os
import secrets
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2
from psycopg2 import sql

from infra.local import processes
from infra.local.bootstrap import PYTHON
from infra.local.errors import LocalError
from infra.local.paths import LOCAL, ROOT, local_dir

FOLDER = LOCAL / "bench"
DATABASE = "polyclinic_bench"
REDIS_NUMBER = 15
HOST = "bench.test"
WORKERS = 2
_READY_SECONDS = 120
_NO_LIMIT = "1000000000"


@dataclass(frozen=True, slots=True)
class Web:
    """A gunicorn that answers on `port`."""

    name: str
    port: int


def fresh_database(server_url: str) -> str:
    """Drop and create the bench's own database on this server; return its address."""
    connection = psycopg2.connect(urlsplit(server_url)._replace(path="/postgres").geturl())
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            name = sql.Identifier(DATABASE)
            cursor.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
            cursor.execute(sql.SQL("CREATE DATABASE {}").format(name))
    finally:
        connection.close()
    return urlsplit(server_url)._replace(path=f"/{DATABASE}").geturl()


def environment(*, database_url: str, redis_url: str, pg_dump: str) -> dict[str, str]:
    """The environment of a production process, but for limits that a load test would reach at once."""
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "saas.settings.production",
        "PYTHONPATH": os.pathsep.join([str(ROOT / "platform"), str(ROOT)]),
        "DATABASE_URL": database_url,
        "REDIS_URL": urlsplit(redis_url)._replace(path=f"/{REDIS_NUMBER}").geturl(),
        "EMAIL_URL": "smtp://127.0.0.1:9",
        "DEFAULT_FROM_EMAIL": f"bench@{HOST}",
        "PLATFORM_HOST": HOST,
        "SECRET_KEY": secrets.token_urlsafe(64),
        "VAR_DIR": str(FOLDER / "var"),
        "PG_DUMP": pg_dump,
        "SPARE_SCHEMAS": "0",
        "API_READS_PER_MINUTE": _NO_LIMIT,
        "API_BOOKINGS_PER_MINUTE": _NO_LIMIT,
        "API_TOKEN_REQUESTS_PER_MINUTE": _NO_LIMIT,
    }


@contextlib.contextmanager
def web(name: str, *, settings: str, env: Mapping[str, str], probe: str, host: str) -> Iterator[Web]:
    """Run gunicorn with two sync workers for the length of the block. Raises LocalError with the log's end."""
    port = processes.remembered_port(local_dir(FOLDER) / f"{name}.port")
    log = FOLDER / f"{name}.log"
    command = [
        *(str(PYTHON), "-m", "gunicorn", "saas.wsgi:application", "--bind", f"{processes.LOOPBACK}:{port}"),
        *(
            "--worker-class",
            "sync",
            "--workers",
            str(WORKERS),
            "--log-level",
            "warning",
            "--no-control-socket",
        ),
    ]
    with log.open("wb") as output:
        server = subprocess.Popen(
            command, cwd=ROOT, env={**env, "DJANGO_SETTINGS_MODULE": settings}, stdout=output, stderr=output
        )
    try:
        _wait(server, port, probe, host, log)
        yield Web(name=name, port=port)
    finally:
        server.terminate()
        server.wait(timeout=30)


def _wait(server: subprocess.Popen[bytes], port: int, probe: str, host: str, log: Path) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        with contextlib.suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection(processes.LOOPBACK, port, timeout=30)
            connection.request("GET", probe, headers={"Host": host, "X-Forwarded-Proto": "https"})
            if connection.getresponse().status == http.client.OK:
                return
        time.sleep(0.2)
    message = f"The server did not answer {probe} with 200. End of {log}:\n{processes.last_lines(log, 30)}"
    raise LocalError(message)
