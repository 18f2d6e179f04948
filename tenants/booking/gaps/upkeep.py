"""The upkeep of stored free time for a whole network, in portions, each in a transaction of its own."""

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import structlog
from django.db import transaction

from tenants.booking.gaps import store
from tenants.booking.models import Resource, ResourceKind
from tenants.booking.windows.instants import ONE_DAY

logger = structlog.get_logger(__name__)

PORTION: Final = 100
SAMPLE: Final = 200
"""How many doctors a night compares; a network with fewer is compared whole."""

Progress = Callable[[int, int], None]
"""Called with how many resources are done, and of how many."""


@dataclass(frozen=True, slots=True)
class Drift:
    """What a comparison of stored gaps with windows minus claims showed; resources that drifted were repaired."""

    compared: int
    repaired: tuple[int, ...]


def first_kept(now: dt.datetime) -> dt.date:
    """Return the first local date whose gaps are kept: today may have begun later in a clinic than here."""
    return now.astimezone(dt.UTC).date() - ONE_DAY


def rebuild_all(*, now: dt.datetime, progress: Progress | None = None) -> int:
    """Write everybody's gaps anew; return how many doctors there are. Locks the rows of one portion at a time."""
    ids = list(Resource.objects.filter(kind=ResourceKind.DOCTOR).order_by("pk").values_list("pk", flat=True))
    done = 0
    for portion in _portions(ids):
        with transaction.atomic():
            store.fill(store.lock(portion), first=first_kept(now))
        done += len(portion)
        if progress is not None:
            progress(done, len(ids))
    return len(ids)


def check_sample(*, now: dt.datetime, size: int = SAMPLE) -> Drift:
    """Compare a random sample of doctors with windows minus claims, under their locks, and repair what differs.

    Drift is logged with the resources' ids: a process died between a commit and what follows it, or a bug.
    """
    fresh = Resource.objects.filter(kind=ResourceKind.DOCTOR, windows_until__isnull=False)
    ids = sorted(fresh.order_by("?").values_list("pk", flat=True)[:size])
    repaired: list[int] = []
    for portion in _portions(ids):
        with transaction.atomic():
            wrong = store.drifted(store.lock(portion), first=first_kept(now))
            store.fill(wrong, first=first_kept(now))
        repaired += wrong
    if repaired:
        logger.warning("booking_gaps_drifted", compared=len(ids), resources=repaired)
    return Drift(compared=len(ids), repaired=tuple(repaired))


def keep_up(*, now: dt.datetime) -> Drift:
    """Do a night's work: drop the gaps of past days, compare a sample."""
    with transaction.atomic():
        store.forget_before(first_kept(now))
    return check_sample(now=now)


def _portions(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(ids), PORTION):
        yield ids[start : start + PORTION]
