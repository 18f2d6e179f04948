"""`make run`: everything that a user touches, on one machine, until Ctrl-C."""

from __future__ import annotations

import http.client
import os
import signal
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from infra.local import node, prepare, processes, progress
from infra.local.bootstrap import PYTHON
from infra.local.errors import LocalError
from infra.local.paths import LOCAL, LOGS, local_dir
from infra.local.servers import run_servers
from infra.local.supervisor import Service, Supervisor

READY_SECONDS = 90
_WEB_WORKERS = 2
_WEB_THREADS = 4


def run() -> int:
    """Prepares, starts and supervises the product; returns the exit code. Raises LocalError."""
    started = time.monotonic()
    port = _port("PORT", 8000)
    mail_port = _port("MAIL_PORT", 8025)
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGHUP, _interrupt)
    local_dir(LOGS)
    with processes.exclusive(
        local_dir(LOCAL) / "run.lock", busy=f"`make run` is running here already: {LOGS.parent}."
    ):
        catches_mail = not os.environ.get("EMAIL_URL")
        services = _services(port, mail_port, catches_mail=catches_mail)
        for service in services:
            service.stop_leftover()
        _require_free(port, "PORT")
        if catches_mail:
            _require_free(mail_port, "MAIL_PORT")
        servers = run_servers()
        try:
            progress.say(progress.bold("Polyclinic"))
            node.build_frontend()
            with progress.step("PostgreSQL and Redis"):
                addresses = servers.start()
            if advice := servers.advice():
                progress.say(advice)
            if catches_mail:
                addresses["EMAIL_URL"] = f"smtp://{processes.LOOPBACK}:{_smtp_port()}"
            env = prepare.product_environment(addresses, port=port)
            logins = prepare.prepare(env)
            _serve(
                services, env, port=port, box=_Box(port, mail_port if catches_mail else None, logins, started)
            )
        except KeyboardInterrupt:
            progress.say("\nStopped.")
        finally:
            servers.stop()
    return 0


def _serve(services: Sequence[Service], env: dict[str, str], *, port: int, box: _Box) -> None:
    ended = threading.Event()
    supervisor = Supervisor(services, env, ended)
    try:
        # The web server first: loading the product takes a processor's whole attention.
        with progress.step("Web and mail"):
            supervisor.start("web", "mail")
            _wait_for_web(supervisor, port)
        with progress.step("Worker and beat"):
            supervisor.start("worker", "beat")
        progress.say(box.text())
        for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(sign, lambda *_: ended.set())
        supervisor.watch()
        progress.say()
    finally:
        for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(sign, signal.SIG_IGN)
        with progress.step("Stopping"):
            supervisor.stop()


def _services(port: int, mail_port: int, *, catches_mail: bool) -> list[Service]:
    run_dir = local_dir(LOCAL / "run")
    web: list[str | Path] = [
        *(PYTHON, "-m", "gunicorn", "saas.wsgi:application"),
        *("--bind", f"{processes.LOOPBACK}:{port}"),
        "--preload",
        *("--worker-class", "gthread", "--workers", str(_WEB_WORKERS), "--threads", str(_WEB_THREADS)),
        *("--graceful-timeout", "8", "--access-logfile", "-", "--no-control-socket"),
    ]
    celery: list[str | Path] = [PYTHON, "-m", "celery", "-A", "saas"]
    # Ctrl-C lets a running task finish; deliveries that it could not end are rows and are taken up again.
    worker: list[str | Path] = [*celery, "worker", "--concurrency", "2", "--loglevel", "INFO"]
    beat: list[str | Path] = [
        *celery,
        "beat",
        "--schedule",
        run_dir / "beat",
        "--pidfile",
        "",
        "--loglevel",
        "INFO",
    ]
    services = [Service("web", web), Service("worker", worker, grace_seconds=15), Service("beat", beat)]
    if catches_mail:
        ports = ["--smtp-port", str(_smtp_port()), "--web-port", str(mail_port)]
        mail: list[str | Path] = [PYTHON, "-m", "infra.local.mail", *ports, "--folder", LOCAL / "mail"]
        services.insert(0, Service("mail", mail))
    return services


def _smtp_port() -> int:
    return processes.remembered_port(local_dir(LOCAL / "run") / "smtp.port")


def _wait_for_web(supervisor: Supervisor, port: int) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while (status := _status(port)) is None:
        supervisor.check()
        if time.monotonic() > deadline:
            message = f"The web server did not answer within {READY_SECONDS} s. See {LOGS / 'web.log'}."
            raise LocalError(message)
        time.sleep(0.2)
    if status >= http.client.BAD_REQUEST:
        tail = processes.last_lines(LOGS / "web.log", 30)
        message = f"The first page answered with {status}. End of {LOGS / 'web.log'}:\n{tail}"
        raise LocalError(message)


def _status(port: int) -> int | None:
    connection = http.client.HTTPConnection(processes.LOOPBACK, port, timeout=60)
    try:
        connection.request("GET", "/", headers={"Host": f"localhost:{port}"})
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def _port(variable: str, default: int) -> int:
    text = os.environ.get(variable) or str(default)
    if not text.isdecimal() or not 0 < int(text) < 2**16:
        message = f"{variable} should be a port number, not {text!r}."
        raise LocalError(message)
    return int(text)


def _require_free(port: int, variable: str) -> None:
    if not processes.is_port_free(port):
        other = f"make run {variable}={port + 10}"
        message = (
            f"Port {port} is taken by {processes.port_owner(port)}. Stop it, or use another port: {other}"
        )
        raise LocalError(message)


def _interrupt(_sign: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


class _Box:
    """The final message: where to go and how to get in."""

    def __init__(
        self, port: int, mail_port: int | None, logins: Sequence[prepare.Login], started: float
    ) -> None:
        self._port = port
        self._mail_port = mail_port
        self._logins = logins
        self._started = started

    def text(self) -> str:
        """The framed text."""
        base = f"localhost:{self._port}"
        places = [
            ("Public site", f"http://{base}"),
            ("Северная клиника", f"http://severnaya.{base}"),
            ("Harbour Family Health", f"http://harbour.{base}"),
            ("Clinic's desk", f"http://severnaya.{base}/desk/"),
            ("Clinic's back office", f"http://severnaya.{base}/cms/"),
            ("Operators' console", f"http://{base}/console/"),
        ]
        if self._mail_port is not None:
            places.append(("Mail that was sent", f"http://localhost:{self._mail_port}"))
        lines = [f"Polyclinic is running ({time.monotonic() - self._started:.0f} s)", ""]
        lines += [f"{name:<24}{address}" for name, address in places]
        if self._logins:
            lines += ["", "Log-ins of the demo", *self._login_lines()]
        lines += ["", f"Logs: {_short(LOGS)}    Stop: Ctrl-C"]
        width = max(len(line) for line in lines)
        body = "\n".join(f"│  {line:<{width}}  │" for line in lines)
        edge = "─" * (width + 4)
        return f"\n╭{edge}╮\n{body}\n╰{edge}╯"

    def _login_lines(self) -> list[str]:
        """Accounts in groups: the demo names a role `Network: role`, and an account of the platform without one."""
        groups: dict[str, list[tuple[str, prepare.Login]]] = {}
        for row in self._logins:
            group, role = _group_and_role(row.role)
            groups.setdefault(group, []).append((role, row))
        role_width = max(len(role) for rows in groups.values() for role, _ in rows)
        email_width = max(len(row.email) for row in self._logins)
        lines: list[str] = []
        for group, rows in groups.items():
            lines.append(f"  {group}")
            for role, row in rows:
                lines.append(
                    f"    {role:<{role_width}}  {row.email:<{email_width}}  {row.password}  {row.url}"
                )
        return lines


def _group_and_role(text: str) -> tuple[str, str]:
    group, separator, role = text.partition(": ")
    return (group, role) if separator else ("Platform", text)


def _short(path: Path) -> str:
    return f"{path.relative_to(Path.cwd())}/" if path.is_relative_to(Path.cwd()) else str(path)
