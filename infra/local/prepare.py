"""What has to be in place before the product's processes start: schema, template, texts, demo networks."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2
from psycopg2 import errorcodes, sql

from infra.local import progress, stamps
from infra.local.bootstrap import PYTHON
from infra.local.errors import LocalError
from infra.local.paths import FRONTEND, LOCAL, ROOT
from infra.local.postgres import Postgres

_LOGINS = LOCAL / "demo-logins.json"


@dataclass(frozen=True)
class Login:
    """One account of the demo: who it is, where it signs in, and how."""

    role: str
    url: str
    email: str
    password: str


def manage(*arguments: str, env: Mapping[str, str], log: str) -> str:
    """Runs a management command; returns its output. Raises LocalError with the end of its output."""
    return progress.run([PYTHON, ROOT / "manage.py", *arguments], env=env, log=log)


def ensure_database(url: str) -> str:
    """Creates the database where it does not exist; returns a text that identifies this very database.

    Raises LocalError when the server does not answer or refuses.
    """
    name = urlsplit(url).path.strip("/")
    if not name:
        message = "DATABASE_URL names no database: it should look like postgres://user:password@host:5432/polyclinic"
        raise LocalError(message)
    try:
        return _identity(url)
    except psycopg2.OperationalError as error:
        if error.pgcode not in {None, errorcodes.INVALID_CATALOG_NAME} or "does not exist" not in str(error):
            message = f"PostgreSQL does not accept the connection: {error}"
            raise LocalError(message) from error
    _create(urlsplit(url)._replace(path="/postgres").geturl(), name)
    return _identity(url)


def _create(maintenance_url: str, name: str) -> None:
    connection = psycopg2.connect(maintenance_url)
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    except psycopg2.Error as error:
        message = f"The database {name} does not exist and could not be created: {error}"
        raise LocalError(message) from error
    finally:
        connection.close()


def _identity(url: str) -> str:
    connection = psycopg2.connect(url, connect_timeout=10)
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT current_database(), oid, pg_postmaster_start_time() IS NOT NULL, "
                "(SELECT system_identifier FROM pg_control_system()) "
                "FROM pg_database WHERE datname = current_database()"
            )
            return repr(cursor.fetchone())
    finally:
        connection.close()


def prepare(env: Mapping[str, str]) -> list[Login]:
    """Brings database, texts and demo up to date, skipping what is; returns the demo's log-ins."""
    with progress.step("Database"):
        identity = ensure_database(env["DATABASE_URL"])
    compile_texts(env)
    _collect_static(env)
    schema = stamps.digest(_schema_sources(), identity)
    if not stamps.is_done("schema", schema):
        with progress.step("Tables of the platform"):
            manage("migrate", "--no-input", env=env, log="setup-migrate")
        with progress.step("Template of a network"):
            manage("build_template", env=env, log="setup-template")
        with progress.step("Tables of the networks"):
            manage("migrate_networks", env=env, log="setup-networks")
        stamps.mark_done("schema", schema)
    # Once a day: the demo's bookings are laid out around today.
    today = f"{datetime.now(tz=UTC).date()} {env['PLATFORM_PORT']}"
    demo = stamps.digest(
        stamps.files_under(*sorted(ROOT.glob("tenants/*/demo")), suffixes=[".py", ".toml"]),
        identity,
        schema,
        today,
    )
    if not (stamps.is_done("demo", demo) and _LOGINS.exists()):
        with progress.step("Two demo networks"):
            manage("demo", env=env, log="setup-demo")
            logins = manage("demo", "--logins", "--json", env=env, log="setup-demo-logins")
        _LOGINS.touch(mode=0o600)
        _LOGINS.write_text(logins)
        (LOCAL / "log" / "setup-demo-logins.log").unlink()
        stamps.mark_done("demo", demo)
    return _logins(_LOGINS.read_text())


def compile_texts(env: Mapping[str, str]) -> None:
    """Merges and compiles the translations unless nothing changed."""
    sources = stamps.digest(stamps.files_under(ROOT / "locale", suffixes=[".po"]))
    compiled = ROOT / "locale" / "ru" / "LC_MESSAGES" / "django.mo"
    if compiled.exists() and stamps.is_done("locales", sources):
        return
    with progress.step("Translations"):
        manage("compile_locales", env=env, log="setup-locales")
    # compile_locales rewrites the merged file, which is one of the sources.
    stamps.mark_done("locales", stamps.digest(stamps.files_under(ROOT / "locale", suffixes=[".po"])))


def _collect_static(env: Mapping[str, str]) -> None:
    key = stamps.digest([ROOT / "requirements.lock", FRONTEND / "dist" / "manifest.json"])
    if (LOCAL / "static").is_dir() and stamps.is_done("static", key):
        return
    with progress.step("Static files"):
        manage("collectstatic", "--no-input", "--clear", env=env, log="setup-static")
    stamps.mark_done("static", key)


def _schema_sources() -> list[Path]:
    migrations = [*ROOT.glob("platform/**/migrations/*.py"), *ROOT.glob("tenants/**/migrations/*.py")]
    return [ROOT / "requirements.lock", *sorted(migrations)]


def _logins(text: str) -> list[Login]:
    fields = ("role", "url", "email", "password")
    return [Login(*(str(row[name]) for name in fields)) for row in json.loads(text)]


def product_environment(addresses: Mapping[str, str], *, port: int = 8000) -> dict[str, str]:
    """The environment of every process of the product; `port` is where browsers reach the web server."""
    path = os.pathsep.join([str(ROOT / "platform"), str(ROOT)])
    defaults = {
        "DJANGO_SETTINGS_MODULE": "saas.settings.dev",
        "PG_DUMP": str(Postgres().binary("pg_dump")),
        "PLATFORM_PORT": str(port),
        "PYTHONUNBUFFERED": "1",
    }
    return {**defaults, **os.environ, **addresses, "PYTHONPATH": path}
