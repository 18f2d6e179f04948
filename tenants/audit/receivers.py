"""What the platform does in a network, written down where its owner can read it."""

from typing import Any

from django.dispatch import receiver

from saas.networks.signals import handover_used, second_factor_reset
from tenants.audit.actions import Actor, record


@receiver(handover_used)
def record_handover(
    sender: object, user_id: int, operator_id: int | None, reason: str, **_kwargs: Any
) -> None:
    """The owner's log-in from the platform, or an operator's visit with its reason."""
    action = "operator.visit_started" if operator_id else "owner.handed_over"
    record(
        action,
        actor=Actor(kind="user", user_id=user_id, operator_id=operator_id),
        data={"reason": reason} if reason else {},
    )


@receiver(second_factor_reset)
def record_second_factor_reset(
    sender: object, user_id: int, operator_id: int | None, reason: str, **_kwargs: Any
) -> None:
    """Whose second factor the platform took away, and how they proved who they are."""
    record(
        "operator.second_factor_reset",
        actor=Actor(kind="system", operator_id=operator_id),
        data={"user": user_id, "reason": reason},
    )
