"""Celery tasks: no schema, no run; and a real worker that runs two networks' tasks one after the other."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from celery import Celery
from django.core.cache import caches
from django.db import connection
from pytest_django import Settings

from saas.networks.context import (
    NetworkRef,
    NoSchemaEntered,
    current_network,
    current_schema,
    network_context,
    no_schema,
)
from saas.networks.tasks import assert_outside, network_task, public_task

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

SEEN: list[str] = []


@network_task(name="tests.tasks.note")
def note(schema_name: str, word: str = "") -> None:
    SEEN.append(f"{current_network().slug} {word}")


@public_task(name="tests.tasks.note_public")
def note_public() -> None:
    SEEN.append(current_schema())


@pytest.fixture(autouse=True)
def _nothing_seen() -> None:
    SEEN.clear()


def test_task_runs_in_its_network_and_restores(twin_networks: tuple[NetworkRef, NetworkRef]) -> None:
    one, other = twin_networks
    with network_context(one):
        note.delay(other.schema_name, word="hello")
        assert current_network() == one
    assert SEEN == ["second hello"]


@pytest.mark.parametrize("arguments", [(), (None,), ("public",), (7,), ("",)])
def test_task_without_a_schema_is_refused(network: NetworkRef, arguments: tuple[object, ...]) -> None:
    with pytest.raises(NoSchemaEntered):
        note.delay(*arguments)
    assert SEEN == []


def test_task_of_a_gone_network_is_skipped(public_schema: None) -> None:
    note.delay("t_999999999")
    assert SEEN == []


def test_public_task_runs_in_public(network: NetworkRef) -> None:
    note_public.delay()
    assert SEEN == ["public"]


def test_schema_left_entered_is_noticed(network: NetworkRef) -> None:
    with no_schema():
        assert_outside()
    with network_context(network), pytest.raises(RuntimeError, match=network.schema_name):
        assert_outside()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_real_worker_keeps_networks_apart(
    twin_networks: tuple[NetworkRef, NetworkRef], settings: Settings, tmp_path: Path
) -> None:
    """One worker process, one thread: the tasks of two networks alternate, and one without a schema fails."""
    sender = Celery("sender", broker=settings.CELERY_BROKER_URL, set_as_current=False)
    root = Path(settings.ROOT)
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "saas.settings.test",
        "DATABASE_URL": "postgres://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(
            **connection.settings_dict
        ),
        "PYTHONPATH": f"{root / 'platform'}{os.pathsep}{root}",
    }
    log = tmp_path / "worker.log"
    with log.open("wb") as output:
        worker = subprocess.Popen(
            [
                sys.executable, "-m", "celery", "-A", "tests.saas.networks.worker_app", "worker", "--pool", "solo",
                "--loglevel", "INFO", "--queues", "tenancy-test", "--without-mingle", "--without-gossip",
                "--without-heartbeat",
            ],
            cwd=root, env=environment, stdout=output, stderr=output,
        )  # fmt: skip
    cache = caches["platform"]
    try:
        one, other = twin_networks
        with sender.connection_for_write() as broker:
            for number in range(3):
                for ref in (one, other):
                    sender.send_task(
                        "tests.worker.remember",
                        [ref.schema_name, number],
                        queue="tenancy-test",
                        connection=broker,
                    )
            sender.send_task("tests.worker.remember", [], queue="tenancy-test", connection=broker)
            sender.send_task(
                "tests.worker.remember", [one.schema_name, 99], queue="tenancy-test", connection=broker
            )
        deadline = time.monotonic() + 90
        while time.monotonic() < deadline and not cache.get(f"worker:{one.schema_name}:99"):
            time.sleep(0.2)
            assert worker.poll() is None, log.read_text()
        for ref in twin_networks:
            for number in range(3):
                assert cache.get(f"worker:{ref.schema_name}:{number}") == ref.slug, log.read_text()
        assert "NoSchemaEntered" in log.read_text()
    finally:
        worker.terminate()
        worker.wait(30)
