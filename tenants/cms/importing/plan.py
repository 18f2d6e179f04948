"""What an import would do: the dry run's result, and what confirming it writes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, TypeAlias

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tenants.audit.actions import Actor, record
from tenants.booking.remembering import forget
from tenants.cms.importing.rows import Cells, Problem
from tenants.cms.importing.table import Column, Line, read_table
from tenants.cms.importing.undo import Journal

CREATE: Final = "create"
UPDATE: Final = "update"
SKIP: Final = "skip"
_TELL_EVERY: Final = 50

Tell: TypeAlias = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Change:
    """One row that is fine: what becomes of it, under which key, with which values."""

    what: str
    key: str
    values: dict[str, Any]


@dataclass(slots=True)
class Plan:
    """The dry run's result. With problems nothing of it may be written."""

    changes: list[Change] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    rows: int = 0

    @property
    def counts(self) -> dict[str, int]:
        """How many rows create, update and change nothing."""
        found = Counter(change.what for change in self.changes)
        return {what: found[what] for what in (CREATE, UPDATE, SKIP)}


class Kind(ABC):
    """What can be imported. A fresh object serves one file: `load` reads all names that rows refer to."""

    code: ClassVar[str]
    label: ClassVar[Promise]
    permission: ClassVar[str]
    columns: ClassVar[tuple[Column, ...]]
    default_columns: ClassVar[tuple[str, ...]] = ()
    """Columns for which one value may be given for the whole file."""

    @abstractmethod
    def load(self) -> None:
        """Read what the rows are compared with, in a number of queries that does not grow with them."""

    def time_zone_of(self, defaults: Mapping[str, str]) -> str:
        """Return the zone on whose clock the times of a calendar file are told."""
        return "UTC"

    @abstractmethod
    def read(self, cells: Cells) -> Change | None:
        """Turn one row into a change, or note its problems."""

    def look_back(self, changes: Sequence[tuple[Cells, Change]]) -> None:  # noqa: B027 - most kinds have nothing to do
        """Check rows against each other once all are read."""

    @abstractmethod
    def write(self, change: Change, journal: Journal) -> None:
        """Write one change and note it. Called within the import's transaction."""

    def finish(self, actor: Actor) -> None:  # noqa: B027 - most kinds have nothing to do
        """Do what follows from all rows together, at the end of the import's transaction."""


def make_plan(
    kind: Kind,
    data: bytes,
    *,
    defaults: Mapping[str, str] | None = None,
    tell: Tell = lambda _done, _all: None,
) -> Plan:
    """Read the file and find out what it would do and every problem it has. Writes nothing. Raises UnreadableFile.

    `defaults` are texts for cells that the file leaves empty; `tell` is called with rows done and rows in all.
    """
    kind.load()
    lines = read_table(
        data, kind.columns, defaults=defaults or {}, time_zone=kind.time_zone_of(defaults or {})
    )
    return plan_lines(kind, lines, tell=tell)


def plan_lines(kind: Kind, lines: Sequence[Line], *, tell: Tell = lambda _done, _all: None) -> Plan:
    """Check lines against `kind`, which is loaded."""
    plan = Plan(rows=len(lines))
    seen: dict[str, int] = {}
    fine: list[tuple[Cells, Change]] = []
    for done, line in enumerate(lines):
        if done % _TELL_EVERY == 0:
            tell(done, len(lines))
        cells = Cells(line, plan.problems)
        change = kind.read(cells)
        if change is None:
            continue
        first = seen.setdefault(change.key, line.number)
        if first != line.number:
            cells.wrong("", _("The same as row %(row)d.") % {"row": first})
        elif cells.is_fine:
            fine.append((cells, change))
    kind.look_back(fine)
    plan.problems.sort(key=lambda problem: problem.row)
    plan.changes = [change for cells, change in fine if cells.is_fine]
    return plan


def carry_out(
    kind: Kind,
    data: bytes,
    *,
    actor: Actor,
    defaults: Mapping[str, str] | None = None,
    journal: Journal | None = None,
    tell: Tell = lambda _done, _all: None,
) -> Plan:
    """Check the file once more and write all of it in one transaction; with problems, write nothing.

    `journal` notes what undoing needs; `tell` is called with rows done and rows in all. Raises UnreadableFile.
    """
    notes = journal or Journal()
    with transaction.atomic():
        plan = make_plan(kind, data, defaults=defaults)
        if plan.problems:
            return plan
        for done, change in enumerate(plan.changes, start=1):
            if change.what != SKIP:
                kind.write(change, notes)
            if done % _TELL_EVERY == 0:
                tell(done, len(plan.changes))
        kind.finish(actor)
        record("catalogue.imported", actor=actor, data={"kind": kind.code, **plan.counts})
        forget()
    tell(len(plan.changes), len(plan.changes))
    return plan
