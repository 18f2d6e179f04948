"""Who takes events out of the system. An app above registers its consumers in `AppConfig.ready()`."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tenants.outbox.models import OutboxDelivery


@dataclass(frozen=True, slots=True)
class Consumer:
    """A channel: `deliver` is called outside any transaction, inside the network, with the event selected.

    It raises NotNeeded or DeliveryFailed from `tenants.outbox.errors` when nothing was sent. It must be safe to
    call twice: `delivery.client_message_id` never changes. `latest_only`: an event is dropped when a later one
    about the same thing waits for, or went through, this channel.
    """

    name: str
    topics: frozenset[str]
    deliver: Callable[[OutboxDelivery], None]
    priority: int = 5
    latest_only: bool = True


_consumers: dict[str, Consumer] = {}


def register_consumer(
    name: str,
    *,
    topics: Iterable[str],
    deliver: Callable[[OutboxDelivery], None],
    priority: int = 5,
    latest_only: bool = True,
) -> None:
    """Add a channel. A lower `priority` goes out first."""
    _consumers[name] = Consumer(
        name=name, topics=frozenset(topics), deliver=deliver, priority=priority, latest_only=latest_only
    )


def consumer(name: str) -> Consumer | None:
    """Return a channel by name; None when it is no longer part of the product."""
    return _consumers.get(name)


def consumers_of(topic: str) -> list[Consumer]:
    """Return every channel that wants events of this topic, in order of registration."""
    return [each for each in _consumers.values() if topic in each.topics]
