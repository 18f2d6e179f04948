"""The life of an import: taken in, checked, confirmed, written, undone. Each step is claimed by one caller only."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.core.cache import cache
from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone

from saas.core.errors import NotFound
from tenants.audit.actions import Actor, record
from tenants.booking.remembering import forget
from tenants.cms.importing.errors import NotNow, UnreadableFile
from tenants.cms.importing.plan import CREATE, SKIP, UPDATE, Plan, Tell, carry_out, make_plan
from tenants.cms.importing.registry import KINDS
from tenants.cms.importing.undo import Journal, Kept, take_back
from tenants.cms.models import ImportRun, ImportState

IN_REQUEST_BYTES: Final = 64 * 1024
"""Larger files are checked and written in the background."""

KEPT_PROBLEMS: Final = 2_000
FILE_DAYS: Final = 7
_PROGRESS_SECONDS: Final = 3600


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a step is, in rows."""

    done: int
    total: int


def take_in(*, kind: str, name: str, data: bytes, defaults: dict[str, str], actor: Actor) -> ImportRun:
    """Keep a file that is going to be checked."""
    run = ImportRun(
        kind=kind,
        file_name=name[:120],
        defaults={code: text for code, text in defaults.items() if text},
        user_id=actor.user_id,
        operator_id=actor.operator_id,
    )
    run.file.save(f"{run.public_id}", ContentFile(data), save=False)
    run.save()
    return run


def find_run(public_id: UUID, *, kind: str, user_id: int | None) -> ImportRun:
    """Return this person's import. Raises NotFound."""
    run = ImportRun.objects.filter(public_id=public_id, kind=kind, user_id=user_id).first()
    if run is None:
        raise NotFound
    return run


def check(run: ImportRun) -> None:
    """Find out what the file would do; the run is then ready, refused, or failed. Writes nothing else."""
    try:
        plan = make_plan(KINDS[run.kind](), _data(run), defaults=run.defaults, tell=_teller(run))
    except UnreadableFile as error:
        _settle(run, ImportState.REFUSED, problems=[[0, "", str(error.message)]], problems_count=1)
        return
    except Exception:
        _settle(run, ImportState.FAILED)
        raise
    _note_plan(run, plan, ImportState.REFUSED if plan.problems else ImportState.READY)


def claim(run: ImportRun) -> None:
    """Confirm a checked import. Raises NotNow for whoever comes second (a double click)."""
    claimed = ImportRun.objects.filter(pk=run.pk, state=ImportState.READY).update(state=ImportState.RUNNING)
    if not claimed:
        raise NotNow
    run.state = ImportState.RUNNING


def write(run: ImportRun) -> None:
    """Write a claimed import: all of it or, when the catalogue changed meanwhile, nothing and its new problems."""
    journal = Journal()
    actor = Actor(kind="user", user_id=run.user_id, operator_id=run.operator_id)
    try:
        with transaction.atomic():
            plan = carry_out(
                KINDS[run.kind](),
                _data(run),
                actor=actor,
                defaults=run.defaults,
                journal=journal,
                tell=_teller(run),
            )
            if not plan.problems:
                _note_plan(run, plan, ImportState.DONE, undo=journal.steps, finished_at=timezone.now())
    except Exception:
        _settle(run, ImportState.FAILED)
        raise
    if plan.problems:
        _note_plan(run, plan, ImportState.REFUSED)
        return
    _drop_file(run)


def undo(run: ImportRun, *, actor: Actor, all_or_nothing: bool) -> list[Kept]:
    """Take back what the import wrote; return what was left alone because it was changed or is needed by now.

    With `all_or_nothing` nothing is taken back unless everything can be. Locks the run. Raises NotNow.
    """
    with transaction.atomic():
        locked = ImportRun.objects.select_for_update().get(pk=run.pk)
        if locked.state != ImportState.DONE:
            raise NotNow
        kept = take_back(locked.undo, all_or_nothing=all_or_nothing)
        if kept and all_or_nothing:
            return kept
        locked.state = ImportState.UNDONE
        locked.undo = []
        locked.save(update_fields=["state", "undo"])
        record("catalogue.import_undone", actor=actor, on=locked, data={"kind": run.kind, "kept": len(kept)})
        forget()
    return kept


def progress_of(run: ImportRun) -> Progress | None:
    """Return how far the step that is under way is; None before it began."""
    found: Progress | None = cache.get(_key(run))
    return found


def forget_old_files(*, now: dt.datetime) -> int:
    """Delete the files of imports that nobody confirmed for a week; return how many."""
    old = ImportRun.objects.filter(created_at__lt=now - dt.timedelta(days=FILE_DAYS)).exclude(file="")
    count = 0
    for run in old.iterator():
        _drop_file(run)
        count += 1
    return count


def _data(run: ImportRun) -> bytes:
    with run.file.open("rb") as file:
        return bytes(file.read())


def _teller(run: ImportRun) -> Tell:
    def tell(done: int, total: int) -> None:
        cache.set(_key(run), Progress(done, total), _PROGRESS_SECONDS)

    return tell


def _note_plan(run: ImportRun, plan: Plan, state: ImportState, **facts: object) -> None:
    labels = {column.code: str(column.label) for column in KINDS[run.kind].columns}
    counts = plan.counts
    _settle(
        run,
        state,
        rows=plan.rows,
        created=counts[CREATE],
        updated=counts[UPDATE],
        skipped=counts[SKIP],
        problems=[
            [problem.row, labels.get(problem.column, problem.column), str(problem.message)]
            for problem in plan.problems[:KEPT_PROBLEMS]
        ],
        problems_count=len(plan.problems),
        **facts,
    )


def _settle(run: ImportRun, state: ImportState, **facts: object) -> None:
    run.state = state
    for name, value in facts.items():
        setattr(run, name, value)
    run.save(update_fields=["state", *facts])


def _drop_file(run: ImportRun) -> None:
    run.file.delete(save=False)
    run.save(update_fields=["file"])


def _key(run: ImportRun) -> str:
    return f"cms:import:{run.public_id}"
