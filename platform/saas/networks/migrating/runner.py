"""Brings all networks to the code's schema version, in waves, each network on its own."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import Final

import structlog
from django.db import OperationalError, connection
from django.utils import timezone

from saas.networks.context import public_context
from saas.networks.migrating.outdated import outdated_networks
from saas.networks.models import Network
from saas.networks.provisioning.heads import code_head
from saas.networks.provisioning.schemas import TEMPLATE_SCHEMA
from saas.networks.provisioning.template import build_template, migrate_schema

logger = structlog.get_logger(__name__)

LOCK_TIMEOUT: Final = "3s"
"""A migration that waits longer for a lock would queue every request of the network behind it."""

STATEMENT_TIMEOUT: Final = "10min"
"""Filling a column or building an index takes longer than a request may."""

_TRIES: Final = 4
_LOCK_NOT_AVAILABLE: Final = "55P03"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the migration of one network ended; `error` is empty on success."""

    network_id: int
    schema_name: str
    error: str
    seconds: float


def migrate_networks(
    *,
    workers: int = 2,
    migrate: Callable[[str], None] | None = None,
    progress: Callable[[int, int, Outcome], None] = lambda _done, _total, _outcome: None,
) -> list[Outcome]:
    """Migrate the template, then canaries, then the rest with `workers` in parallel; return one outcome each.

    A failed canary stops the run before the others are touched; a failure later is recorded and the run goes on.
    Interrupted runs resume: what is done is found to be current. `progress(done, total, outcome)` is called from
    this thread.
    """
    build_template()
    step = migrate or _migrate_one
    outdated = outdated_networks()
    outcomes: list[Outcome] = []
    canaries = [network for network in outdated if network.is_canary]
    others = [network for network in outdated if not network.is_canary]
    for wave in (canaries, others):
        for outcome in _wave(wave, step, workers):
            outcomes.append(outcome)
            progress(len(outcomes), len(outdated), outcome)
        if wave is canaries and any(outcome.error for outcome in outcomes):
            logger.error(
                "migration_stopped_at_canary",
                failed=[outcome.schema_name for outcome in outcomes if outcome.error],
            )
            break
    return outcomes


def migrate_one(network_id: int) -> Outcome:
    """Migrate one network in this thread and record the outcome in its row."""
    with public_context():
        network = Network.objects.get(pk=network_id)
    return _migrate_and_record(network.pk, network.schema_name, _migrate_one)


def _wave(networks: list[Network], step: Callable[[str], None], workers: int) -> Iterator[Outcome]:
    with ThreadPoolExecutor(max_workers=workers, thread_name_prefix="migrate") as pool:
        futures = [
            pool.submit(_migrate_and_record, network.pk, network.schema_name, step) for network in networks
        ]
        for future in as_completed(futures):
            yield future.result()


def _migrate_and_record(network_id: int, schema_name: str, step: Callable[[str], None]) -> Outcome:
    """Runs in a worker thread, with a connection of its own that is closed at the end."""
    started = time.monotonic()
    error = ""
    try:
        _with_lock_retries(schema_name, step)
    except Exception as failure:
        error = f"{type(failure).__name__}: {failure}"[:1000]
        logger.exception("network_migration_failed", schema=schema_name)
    try:
        with public_context():
            done = {"schema_head": code_head(), "migrated_at": timezone.now()} if not error else {}
            Network.objects.filter(pk=network_id).update(migration_error=error, **done)
    finally:
        connection.close()
    return Outcome(
        network_id=network_id, schema_name=schema_name, error=error, seconds=time.monotonic() - started
    )


def _with_lock_retries(schema_name: str, step: Callable[[str], None]) -> None:
    for attempt in range(1, _TRIES + 1):
        try:
            with public_context(), connection.cursor() as cursor:
                cursor.execute(f"SET lock_timeout = '{LOCK_TIMEOUT}'")
                cursor.execute(f"SET statement_timeout = '{STATEMENT_TIMEOUT}'")
            step(schema_name)
        except OperationalError as error:
            if getattr(error.__cause__, "pgcode", None) != _LOCK_NOT_AVAILABLE or attempt == _TRIES:
                raise
            time.sleep(0.5 * attempt)
        else:
            return


def _migrate_one(schema_name: str) -> None:
    migrate_schema(schema_name, source_schema=TEMPLATE_SCHEMA)
