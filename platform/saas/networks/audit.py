"""The platform's own record of who did what to which network."""

from typing import Any

import structlog

from saas.networks.context import public_context
from saas.networks.models import Network, PlatformEvent


def record(
    action: str,
    *,
    network: Network | None = None,
    actor_id: int | None = None,
    data: dict[str, Any] | None = None,
) -> PlatformEvent:
    """Write one event, in the caller's transaction. `data` holds ids, codes and reasons, never personal data."""
    with public_context():
        return PlatformEvent.objects.create(
            action=action,
            network=network,
            actor_id=actor_id,
            data=data or {},
            request_id=str(structlog.contextvars.get_contextvars().get("request_id", "")),
        )
