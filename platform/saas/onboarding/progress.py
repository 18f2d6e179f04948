"""What the progress page says at each stage of provisioning."""

import datetime as dt
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _

from saas.onboarding.models import SignUp

_PATIENCE: Final = dt.timedelta(seconds=30)
_REACHED: Final = {"waiting": 1, "schema": 1, "site": 2, "ready": 4}


@dataclass(frozen=True, slots=True)
class Progress:
    """`percent` of 100; `items` are rows of the checklist component."""

    stage: str
    percent: int
    items: list[dict[str, str]]
    is_ready: bool
    has_failed: bool
    is_slow: bool


def progress_of(sign_up: SignUp, *, stage: str, now: dt.datetime) -> Progress:
    """Return the page's content for a stage of `saas.networks.actions.provisioning_stage`."""
    failed = stage == "failed"
    reached = _REACHED.get(stage, 1)
    titles = (
        _("Address reserved"),
        _("Preparing your own database"),
        _("Building the site"),
        _("Opening the doors"),
    )
    items = []
    for position, title in enumerate(titles):
        if position < reached:
            state = "done"
        elif position == reached:
            state = "failed" if failed else "now"
        else:
            state = "todo"
        items.append({"title": title, "state": state})
    began = sign_up.network.created_at if sign_up.network else sign_up.created_at
    return Progress(
        stage=stage,
        percent=reached * 25,
        items=items,
        is_ready=stage == "ready",
        has_failed=failed,
        is_slow=stage != "ready" and not failed and now - began > _PATIENCE,
    )
