"""Writing the audit log."""

from dataclasses import dataclass
from typing import Any

import structlog
from django.db.models import Model
from django.http import HttpRequest

from tenants.audit.models import AuditEvent


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: `kind` is `user`, `guest`, `token` or `system`; `operator_id` is set while impersonating."""

    kind: str = "system"
    user_id: int | None = None
    operator_id: int | None = None


SYSTEM = Actor()
GUEST = Actor(kind="guest")


def actor_of(request: HttpRequest) -> Actor:
    """Return who makes this request."""
    user = request.user
    if not user.is_authenticated:
        return GUEST
    session = getattr(request, "session", None)
    return Actor(
        kind="user", user_id=user.pk, operator_id=session.get("operator_id") if session is not None else None
    )


def record(
    action: str, *, actor: Actor = SYSTEM, on: Model | None = None, data: dict[str, Any] | None = None
) -> AuditEvent:
    """Write one event in the caller's transaction. `on` is the model instance concerned."""
    event = audit_event(action, actor=actor, on=on, data=data)
    event.save(force_insert=True)
    return event


def audit_event(
    action: str,
    *,
    actor: Actor,
    on: Model | None = None,
    data: dict[str, Any] | None = None,
    object_id: str | None = None,
) -> AuditEvent:
    """Return the event that `record` would write, for a `Batch`; `object_id` stands in for a key not known yet."""
    return AuditEvent(
        action=action,
        actor_kind=actor.kind,
        actor_id=actor.user_id,
        operator_id=actor.operator_id,
        object_type=on._meta.label_lower if on is not None else "",
        object_id=object_id or (str(on.pk) if on is not None else ""),
        data=data or {},
        request_id=str(structlog.contextvars.get_contextvars().get("request_id", "")),
    )
