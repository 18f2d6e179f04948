"""Carrying out a confirmed import, telling its progress."""

from __future__ import annotations

from typing import Final

from tenants.audit.actions import Actor
from tenants.cms.importing import desk
from tenants.cms.importing.kinds import KINDS
from tenants.cms.importing.plan import CREATE, SKIP, UPDATE, carry_out

IN_REQUEST_ROWS: Final = 500
"""Files with more rows are written in the background."""


def run(upload: desk.Upload, *, actor: Actor) -> None:
    """Write the file and tell how it went; an unexpected failure is told, and raised for the log."""
    token = upload.token
    try:
        plan = carry_out(
            KINDS[upload.kind](),
            upload.data,
            actor=actor,
            tell=lambda done, total: desk.tell(token, desk.Progress("running", done=done, total=total)),
        )
    except Exception:
        desk.tell(token, desk.Progress("failed"))
        raise
    if plan.problems:
        desk.release(token)
        desk.tell(token, desk.Progress("refused"))
        return
    counts = plan.counts
    desk.tell(
        token,
        desk.Progress(
            "done",
            done=plan.rows,
            total=plan.rows,
            created=counts[CREATE],
            updated=counts[UPDATE],
            skipped=counts[SKIP],
        ),
    )
    desk.drop(token)
