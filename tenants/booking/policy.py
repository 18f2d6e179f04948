"""The network's booking rules, as every request needs them: cached until they change."""

from dataclasses import asdict, dataclass
from typing import Final

from tenants.booking.models import BookingPolicy
from tenants.booking.remembering import remembered

POLICY_KEY: Final = "policy"


@dataclass(frozen=True, slots=True)
class Policy:
    """`slot_step_minutes` 0 means the length of the visit. Staff are bound by the step only."""

    minimum_notice_minutes: int
    horizon_days: int
    cancellation_cutoff_minutes: int
    slot_step_minutes: int

    def snapshot(self) -> dict[str, int]:
        """Return what an appointment keeps of the rules under which it was booked."""
        return asdict(self)


def current_policy() -> Policy:
    """Return the booking rules; the model's defaults where the network has not set any."""
    return remembered(POLICY_KEY, read_policy)


def read_policy() -> Policy:
    """Return the booking rules from the database."""
    row = BookingPolicy.objects.filter(pk=1).first() or BookingPolicy()
    return Policy(
        minimum_notice_minutes=row.minimum_notice_minutes,
        horizon_days=row.horizon_days,
        cancellation_cutoff_minutes=row.cancellation_cutoff_minutes,
        slot_step_minutes=row.slot_step_minutes,
    )
