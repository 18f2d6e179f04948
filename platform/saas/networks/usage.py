"""Figures about a network that the console shows, contributed by apps that `saas` may not import.

A tenant app registers a counter in `AppConfig.ready()`; each is called inside the network's schema.
"""

from collections.abc import Callable

_counters: dict[str, Callable[[], int]] = {}


def register_usage(name: str, counter: Callable[[], int]) -> None:
    """Add a figure. `name` is a stable identifier, such as `doctors`."""
    _counters[name] = counter


def count_usage() -> dict[str, int]:
    """Return all figures of the entered network."""
    return {name: counter() for name, counter in _counters.items()}
