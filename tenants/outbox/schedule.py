"""When a failed delivery is tried again."""

import random
from datetime import timedelta
from typing import Final

WAITS: Final = (
    timedelta(seconds=10),
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=6),
)
"""The longest wait after the first, second, ... failure; after the last one a delivery is given up."""

LEASE: Final = timedelta(seconds=90)
"""How long a worker may take for one delivery; longer than any provider's time-out and Celery's hard limit."""


def wait_after(attempts: int, *, at_least_seconds: int | None = None) -> timedelta | None:
    """Return how long to wait after this many attempts, spread over half the schedule's wait; None: give up."""
    if attempts > len(WAITS):
        return None
    longest = WAITS[attempts - 1]
    wait = longest * random.uniform(0.5, 1)  # noqa: S311 - spreads load, guards nothing
    return max(wait, timedelta(seconds=at_least_seconds or 0))
