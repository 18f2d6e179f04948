"""The life of a network: which states exist, which may follow which, and what each one allows."""

from dataclasses import dataclass
from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _


class NetworkState(models.TextChoices):
    """Stored in `Network.state`. Closed networks can be exported for 30 days, then they are purged."""

    PROVISIONING = "provisioning", _("being prepared")
    TRIAL = "trial", _("trial")
    ACTIVE = "active", _("active")
    PAST_DUE = "past_due", _("payment overdue")
    SUSPENDED = "suspended", _("suspended")
    CLOSED = "closed", _("closed")
    PURGED = "purged", _("deleted")


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a state allows: `serves` people on its hosts, runs background `works`, keeps its `schema_exists`."""

    serves: bool
    works: bool
    schema_exists: bool = True


CLOSED_DAYS: Final = 30
"""Days between closing and purging, while the owner can still export everything or come back."""

_RUNNING: Final = Allowance(serves=True, works=True)

ALLOWED: Final[dict[str, Allowance]] = {
    NetworkState.PROVISIONING: Allowance(serves=False, works=False, schema_exists=False),
    NetworkState.TRIAL: _RUNNING,
    NetworkState.ACTIVE: _RUNNING,
    NetworkState.PAST_DUE: _RUNNING,
    NetworkState.SUSPENDED: Allowance(serves=False, works=False),
    NetworkState.CLOSED: Allowance(serves=False, works=False),
    NetworkState.PURGED: Allowance(serves=False, works=False, schema_exists=False),
}

TRANSITIONS: Final[dict[str, frozenset[str]]] = {
    NetworkState.PROVISIONING: frozenset({NetworkState.TRIAL, NetworkState.ACTIVE, NetworkState.PURGED}),
    NetworkState.TRIAL: frozenset({NetworkState.ACTIVE, NetworkState.SUSPENDED, NetworkState.CLOSED}),
    NetworkState.ACTIVE: frozenset({NetworkState.PAST_DUE, NetworkState.SUSPENDED, NetworkState.CLOSED}),
    NetworkState.PAST_DUE: frozenset({NetworkState.ACTIVE, NetworkState.SUSPENDED, NetworkState.CLOSED}),
    NetworkState.SUSPENDED: frozenset(
        {NetworkState.TRIAL, NetworkState.ACTIVE, NetworkState.PAST_DUE, NetworkState.CLOSED}
    ),
    NetworkState.CLOSED: frozenset({NetworkState.SUSPENDED, NetworkState.ACTIVE, NetworkState.PURGED}),
    NetworkState.PURGED: frozenset(),
}


def serves(state: str) -> bool:
    """Return whether people may use the network's hosts in this state."""
    return ALLOWED[state].serves


def works(state: str) -> bool:
    """Return whether background work of the network runs in this state."""
    return ALLOWED[state].works


def states_with_schema() -> list[str]:
    """Return the states in which the network's schema exists."""
    return [state for state, allowed in ALLOWED.items() if allowed.schema_exists]


def working_states() -> list[str]:
    """Return the states whose background work runs."""
    return [state for state, allowed in ALLOWED.items() if allowed.works]
