"""The embedded servers themselves, apart from those that the suite runs on."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest
import redis

from infra.local import prepare, processes
from infra.local.errors import LocalError
from infra.local.postgres import Postgres
from infra.local.redis import DATABASES, Redis
from infra.local.servers import Servers

pytestmark = [pytest.mark.integration, pytest.mark.slow]


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    server = Postgres(f"postgres-check-{os.getpid()}", durable=False, settings={"shared_buffers": "16MB"})
    server.start()
    yield server
    server.stop()
    remove(server)


@pytest.fixture
def cache() -> Iterator[Redis]:
    server = Redis(f"redis-check-{os.getpid()}", durable=False)
    server.start()
    yield server
    server.stop()
    shutil.rmtree(server.data)
    server.data.with_suffix(".lock").unlink()


def remove(server: Postgres) -> None:
    shutil.rmtree(server.data)
    for file in server.home.glob(f"{server.name}.*"):
        file.unlink()


def setting(server: Postgres, name: str) -> str:
    connection = psycopg2.connect(f"{server.url}/postgres")
    with connection.cursor() as cursor:
        cursor.execute(f"SHOW {name}")
        value = cursor.fetchone()
    connection.close()
    assert value is not None
    return str(value[0])


def test_postgres_is_18_with_room_for_schemas(postgres: Postgres) -> None:
    assert setting(postgres, "server_version").startswith("18.")
    assert setting(postgres, "max_locks_per_transaction") == "1024"
    assert setting(postgres, "max_connections") == "200"
    assert setting(postgres, "jit") == "off"


def test_postgres_knows_the_letters_of_every_alphabet(postgres: Postgres) -> None:
    connection = psycopg2.connect(f"{postgres.url}/postgres")
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("CREATE EXTENSION pg_trgm")
        cursor.execute("SELECT cardinality(show_trgm('Иванов')), similarity('Иванов', 'иванав') > 0.3")
        assert cursor.fetchone() == (7, True)
        cursor.execute(
            "SELECT upper('ёлкин'), lower('ЁЛКИН'), 'ЁЛКИН' ILIKE 'ёлк%', 'Ёлка' ~* '^ёл[[:alpha:]]+$'"
        )
        assert cursor.fetchone() == ("ЁЛКИН", "ёлкин", True, True)
        cursor.execute(
            "SELECT array_agg(name ORDER BY name) FROM unnest(ARRAY['Яна', 'Anna', 'Борис']) AS name"
        )
        assert cursor.fetchone() == (["Anna", "Борис", "Яна"],)
    connection.close()


def test_data_of_another_locale_are_kept_or_made_anew() -> None:
    """The demo's are somebody's work and stay, with a word of advice; those of tests are worth nothing."""
    name = f"postgres-old-{os.getpid()}"
    servers = Servers(Postgres(name, settings={"shared_buffers": "16MB"}), Redis("never-started"))
    try:
        for durable in (True, False):
            server = servers.postgres = Postgres(name, durable=durable, settings={"shared_buffers": "16MB"})
            server.start()
            assert servers.advice({}) == ""
            _execute(server, "CREATE DATABASE kept")
            server.stop()
            server._locale_file.unlink()
            assert "older version" in servers.advice({})
            assert servers.advice({"DATABASE_URL": "postgres://db/x"}) == ""
            server.start()
            kept = _execute(server, "SELECT count(*) FROM pg_database WHERE datname = 'kept'")
            assert (kept, bool(servers.advice({}))) == ((1, True) if durable else (0, False))
            server.stop()
            shutil.rmtree(server.data)
    finally:
        servers.postgres.stop()
        shutil.rmtree(servers.postgres.data, ignore_errors=True)
        for file in servers.postgres.home.glob(f"{name}.*"):
            file.unlink()


def _execute(server: Postgres, statement: str) -> object:
    connection = psycopg2.connect(f"{server.url}/postgres")
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(statement)
        row = cursor.fetchone() if cursor.description else None
    connection.close()
    return row[0] if row else None


def test_postgres_second_start_reuses_the_first(postgres: Postgres) -> None:
    assert not Postgres(postgres.name, durable=False).start()


def test_postgres_never_runs_as_root(postgres: Postgres) -> None:
    pid = postgres._pid()
    assert pid is not None
    assert Path(f"/proc/{pid}").stat().st_uid != 0


def test_postgres_refuses_without_password(postgres: Postgres) -> None:
    with pytest.raises(psycopg2.OperationalError, match="no password supplied"):
        psycopg2.connect(host=processes.LOOPBACK, port=postgres.port, user="polyclinic", dbname="postgres")


def test_postgres_survives_kill_and_stale_pid_file(postgres: Postgres) -> None:
    pid = postgres._pid()
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    assert processes.wait_until(lambda: not processes.is_running(pid, mentions=postgres.name), seconds=10)
    assert (postgres.data / "postmaster.pid").exists()
    assert processes.wait_until(lambda: _starts(postgres), seconds=30)
    assert postgres.is_healthy()


def _starts(server: Postgres) -> bool:
    """Backends of the killed server hold its shared memory for a moment; a start within it is refused."""
    try:
        return server.start()
    except LocalError:
        return False


def test_database_is_created_once_and_known_again(postgres: Postgres) -> None:
    url = f"{postgres.url}/made_here"
    identity = prepare.ensure_database(url)
    assert prepare.ensure_database(url) == identity
    assert prepare.ensure_database(f"{postgres.url}/another") != identity


@pytest.mark.parametrize("url", ["postgres://127.0.0.1:1/x", "postgres://127.0.0.1:1"])
def test_unusable_database_address_is_explained(url: str) -> None:
    with pytest.raises(LocalError):
        prepare.ensure_database(url)


def test_redis_answers_with_enough_databases(cache: Redis) -> None:
    with redis.Redis(host=processes.LOOPBACK, port=cache.port, db=DATABASES - 1) as client:
        assert client.ping()
    assert not Redis(cache.name, durable=False).start()


def test_redis_after_kill_starts_again(cache: Redis) -> None:
    pid = cache._pid()
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    assert processes.wait_until(lambda: not processes.is_running(pid, mentions="redis-server"), seconds=10)
    assert cache.start()
    assert cache.is_healthy()


def test_named_servers_replace_the_embedded_ones() -> None:
    servers = Servers(Postgres("never-started"), Redis("never-started"))
    addresses = {"DATABASE_URL": "postgres://db/x", "REDIS_URL": "redis://cache/0"}
    assert servers.start(addresses) == addresses
    assert not servers.started
