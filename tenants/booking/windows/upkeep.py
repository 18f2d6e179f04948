"""The upkeep of stored working time for a whole network: in portions, each in a transaction of its own."""

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from tenants.booking.models import Resource
from tenants.booking.windows.store import extend, rebuild

PORTION: Final = 100
_DAYS_OF_WEEK: Final = 7

Progress = Callable[[int, int], None]
"""Called with how many resources are done, and of how many."""


def rebuild_all(*, now: dt.datetime, progress: Progress | None = None) -> int:
    """Build everybody's windows anew; return how many resources there are."""
    ids = _all_ids()
    return _in_portions(ids, lambda portion: rebuild(portion, now=now), progress)


def refresh_stale(*, now: dt.datetime) -> int:
    """Rebuild what is stale, so that no reader has to; return how many resources that were."""
    ids = list(Resource.objects.filter(windows_until=None).order_by("pk").values_list("pk", flat=True))
    return _in_portions(ids, lambda portion: extend(portion, now=now), None)


def keep_up(*, now: dt.datetime) -> int:
    """Extend everybody's horizon to today's, and build a seventh anew; return how many resources there are.

    So the zones and holidays of a new release of their libraries are in force within a week by themselves.
    """
    ids = _all_ids()
    today = now.date().toordinal() % _DAYS_OF_WEEK
    _in_portions(
        [pk for pk in ids if pk % _DAYS_OF_WEEK == today], lambda portion: rebuild(portion, now=now), None
    )
    return _in_portions(ids, lambda portion: extend(portion, now=now), None)


def _all_ids() -> list[int]:
    return list(Resource.objects.order_by("pk").values_list("pk", flat=True))


def _in_portions(ids: Sequence[int], work: Callable[[Sequence[int]], None], progress: Progress | None) -> int:
    done = 0
    for portion in _portions(ids):
        work(portion)
        done += len(portion)
        if progress is not None:
            progress(done, len(ids))
    return len(ids)


def _portions(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(ids), PORTION):
        yield ids[start : start + PORTION]
