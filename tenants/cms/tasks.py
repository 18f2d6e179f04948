"""Background work of the back office."""

from __future__ import annotations

from uuid import UUID

from django.utils import timezone, translation

from saas.networks.lifecycle import working_states
from saas.networks.models import Network
from saas.networks.tasks import network_task, public_task
from tenants.cms.importing import runs
from tenants.cms.models import ImportRun, ImportState

_SOFT_SECONDS = 1740
_HARD_SECONDS = 1800


@network_task(
    name="tenants.cms.tasks.check_import",
    soft_time_limit=_SOFT_SECONDS,
    time_limit=_HARD_SECONDS,
    acks_late=False,
)
def check_import(schema_name: str, public_id: str, language: str) -> None:
    """Check a file; problems are told in the language of who brought it."""
    with translation.override(language):
        runs.check(ImportRun.objects.get(public_id=UUID(public_id)))


@network_task(
    name="tenants.cms.tasks.write_import",
    soft_time_limit=_SOFT_SECONDS,
    time_limit=_HARD_SECONDS,
    acks_late=False,
)
def write_import(schema_name: str, public_id: str, language: str) -> None:
    """Write a confirmed import. Not repeated after a crash: the transaction is gone and the person sees it failed."""
    run = ImportRun.objects.get(public_id=UUID(public_id))
    if run.state == ImportState.RUNNING:
        with translation.override(language):
            runs.write(run)


@network_task(name="tenants.cms.tasks.forget_import_files")
def forget_import_files(schema_name: str) -> None:
    """Delete uploaded files that nobody confirmed."""
    runs.forget_old_files(now=timezone.now())


@public_task(name="tenants.cms.tasks.forget_import_files_of_all")
def forget_import_files_of_all() -> None:
    """Send every working network its tidying."""
    networks = Network.objects.filter(state__in=working_states()).order_by("pk")
    for schema_name in networks.values_list("schema_name", flat=True):
        forget_import_files.delay(schema_name)
