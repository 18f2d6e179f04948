"""Reading the platform's tables."""

from dataclasses import dataclass

from django.db.models import F

from saas.accounts.models import User
from saas.networks.context import public_context
from saas.networks.lifecycle import NetworkState
from saas.networks.models import Network


@dataclass(frozen=True, slots=True)
class OwnedNetwork:
    """One line of an owner's list. `state` is a NetworkState value, `host` the primary host without port."""

    id: int
    name: str
    state: str
    host: str

    @property
    def state_label(self) -> str:
        return str(NetworkState(self.state).label)


def networks_of_owner(user: User) -> list[OwnedNetwork]:
    """Return the networks that were opened with this person's (verified) e-mail, newest first. One query."""
    with public_context():
        rows = (
            Network.objects.filter(owner_email__iexact=str(user.email), domains__is_primary=True)
            .exclude(state=NetworkState.PURGED)
            .annotate(host=F("domains__domain"))
            .order_by("-created_at", "-id")
            .values_list("id", "name", "state", "host")
        )
        return [OwnedNetwork(*row) for row in rows]
