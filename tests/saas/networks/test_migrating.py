"""Migrating many networks: waves, progress, failures that stay with one network, locks, resuming after a kill."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections
from pytest_django import DjangoAssertNumQueries, Settings

from saas.networks.context import NetworkRef, network_context, public_context
from saas.networks.migrating import runner
from saas.networks.migrating.outdated import lacking_migrations, outdated_networks
from saas.networks.migrating.runner import migrate_networks
from saas.networks.models import Network
from saas.networks.provisioning import template
from saas.networks.provisioning.heads import code_head
from tests.fixtures.networks import make_network

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

COLUMN = "keyboard_shortcuts"  # added by the last migration of wagtail.users
APP, MIGRATION = "wagtailusers", "0015_userprofile_keyboard_shortcuts"


def _age(ref: NetworkRef) -> None:
    """Take one migration back."""
    with network_context(ref.schema_name), connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE wagtailusers_userprofile DROP COLUMN {COLUMN}")
        cursor.execute("DELETE FROM django_migrations WHERE app = %s AND name = %s", [APP, MIGRATION])


def _is_current(ref: NetworkRef) -> bool:
    with network_context(ref.schema_name), connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM information_schema.columns WHERE table_schema = %s AND column_name = %s",
            [ref.schema_name, COLUMN],
        )
        return bool(cursor.fetchone()[0] == 1)


@pytest.fixture
def six(public_schema_committed: None) -> list[NetworkRef]:
    """Four outdated networks of which two are canaries, beside the two of the session, which are current."""
    refs = [make_network(f"wave-{number}") for number in range(4)]
    for ref in refs:
        _age(ref)
    Network.objects.filter(pk__in=[refs[2].id, refs[3].id]).update(is_canary=True)
    Network.objects.filter(pk__in=[ref.id for ref in refs]).update(schema_head="old", migrated_at=None)
    return refs


@pytest.fixture
def public_schema_committed(transactional_db: None) -> Iterator[None]:
    with public_context():
        yield


def test_outdated_are_found_in_one_query_canaries_first(
    six: list[NetworkRef], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with public_context(), django_assert_num_queries(2):
        found = outdated_networks()
    assert [network.slug for network in found] == ["wave-2", "wave-3", "wave-0", "wave-1"]
    with public_context(), django_assert_num_queries(1):
        assert lacking_migrations([ref.schema_name for ref in six]) == {ref.schema_name for ref in six}


def test_all_are_migrated_and_reported(six: list[NetworkRef], capsys: pytest.CaptureFixture[str]) -> None:
    steps = []
    outcomes = migrate_networks(
        workers=2, progress=lambda done, total, outcome: steps.append((done, total, outcome.schema_name))
    )
    assert [step[:2] for step in steps] == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert {step[2] for step in steps[:2]} == {six[2].schema_name, six[3].schema_name}
    assert [outcome.error for outcome in outcomes] == [""] * 4
    assert all(_is_current(ref) for ref in six)
    with public_context():
        rows = Network.objects.filter(pk__in=[ref.id for ref in six])
        assert {row.schema_head for row in rows} == {code_head()}
        assert all(row.migrated_at for row in rows)
        assert outdated_networks() == []
        call_command("migrate_networks", check=True)
        call_command("migrate_networks")
        call_command("check_networks")
    assert "0 networks migrated" in capsys.readouterr().out


def _failing(*bad_refs: NetworkRef) -> Callable[[str], None]:
    bad = {ref.schema_name for ref in bad_refs}

    def step(schema_name: str) -> None:
        if schema_name in bad:
            raise RuntimeError("column is in the way")
        runner._migrate_one(schema_name)

    return step


def test_failed_canary_stops_the_run(six: list[NetworkRef]) -> None:
    outcomes = migrate_networks(migrate=_failing(six[2]))
    assert {outcome.schema_name for outcome in outcomes} == {six[2].schema_name, six[3].schema_name}
    assert [_is_current(ref) for ref in six] == [False, False, False, True]
    with public_context():
        assert Network.objects.get(pk=six[2].id).migration_error == "RuntimeError: column is in the way"
        assert Network.objects.get(pk=six[0].id).migration_error == ""


def test_failure_of_one_leaves_the_others_and_is_resumed(six: list[NetworkRef]) -> None:
    outcomes = migrate_networks(migrate=_failing(six[0]))
    assert [outcome.schema_name for outcome in outcomes if outcome.error] == [six[0].schema_name]
    assert [_is_current(ref) for ref in six] == [False, True, True, True]
    assert [outcome.schema_name for outcome in migrate_networks()] == [six[0].schema_name]
    with public_context():
        assert Network.objects.get(pk=six[0].id).migration_error == ""


def test_command_fails_loudly_and_names_the_network(
    six: list[NetworkRef], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        runner, "migrate_schema", _failing_schema(six[1].schema_name, template.migrate_schema)
    )
    with public_context(), pytest.raises(CommandError, match="1 of 4"):
        call_command("migrate_networks")
    captured = capsys.readouterr()
    assert six[1].schema_name in captured.err
    with public_context(), pytest.raises(CommandError, match="1 networks are outdated"):
        call_command("migrate_networks", check=True)


def _failing_schema(bad: str, original: Callable[..., None]) -> Callable[..., None]:
    def migrate(schema_name: str, **kwargs: Any) -> None:
        if schema_name == bad:
            raise RuntimeError("broken")
        original(schema_name, **kwargs)

    return migrate


def test_lock_is_waited_for_briefly_and_tried_again(
    six: list[NetworkRef], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "LOCK_TIMEOUT", "200ms")
    locked, release = threading.Event(), threading.Event()

    def hold() -> None:
        try:
            with network_context(six[0].schema_name):
                from django.db import transaction

                with transaction.atomic(), connection.cursor() as cursor:
                    cursor.execute("LOCK TABLE wagtailusers_userprofile IN ACCESS SHARE MODE")
                    locked.set()
                    release.wait(150)
        finally:
            connections.close_all()

    holder = threading.Thread(target=hold)
    holder.start()
    locked.wait(10)
    tries = []

    def step(schema_name: str) -> None:
        tries.append(schema_name)
        if tries.count(six[0].schema_name) == 2:
            release.set()
            holder.join()
        runner._migrate_one(schema_name)

    outcomes = migrate_networks(migrate=step, workers=1)
    release.set()
    holder.join()
    assert [outcome.error for outcome in outcomes] == [""] * 4
    assert tries.count(six[0].schema_name) == 2
    assert _is_current(six[0])


def test_killed_run_is_resumed(six: list[NetworkRef], settings: Settings) -> None:
    root = Path(settings.ROOT)
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "saas.settings.test",
        "DATABASE_URL": "postgres://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(
            **connection.settings_dict
        ),
        "PYTHONUNBUFFERED": "1",
    }
    process = subprocess.Popen(
        [sys.executable, "manage.py", "migrate_networks", "--workers", "1"],
        cwd=root, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    with process:
        first = next(line for line in process.stdout if line.startswith("["))
        os.kill(process.pid, signal.SIGKILL)
    assert "1/4" in first
    done = sum(_is_current(ref) for ref in six)
    assert 1 <= done < 4
    outcomes = migrate_networks()
    assert 4 - done - 1 <= len(outcomes) <= 4 - done + 1
    assert all(_is_current(ref) for ref in six)
    assert not any(outcome.error for outcome in outcomes)
