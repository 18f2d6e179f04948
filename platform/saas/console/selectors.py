"""What operators look at first."""

from typing import Any

from django.db.models import Count, Q
from django.utils.translation import gettext as _

from saas.networks.lifecycle import NetworkState, states_with_schema
from saas.networks.models import Network, PlatformEvent, SpareSchema
from saas.networks.provisioning.heads import code_head


def dashboard() -> dict[str, Any]:
    """Return the console's front page: networks by state, what needs attention, the last events. Four queries."""
    by_state = dict(Network.objects.values_list("state").annotate(count=Count("id")).order_by())
    attention = Network.objects.aggregate(
        failed=Count("id", filter=Q(state=NetworkState.PROVISIONING) & ~Q(provisioning_error="")),
        outdated=Count("id", filter=Q(state__in=states_with_schema()) & ~Q(schema_head=code_head())),
        migration_failed=Count("id", filter=~Q(migration_error="")),
    )
    return {
        "states": [
            {"value": state.value, "label": state.label, "count": by_state.get(state.value, 0)}
            for state in NetworkState
        ],
        "attention": [
            (_("Provisioning failed"), attention["failed"], "?state__exact=provisioning"),
            (_("Schema behind the code"), attention["outdated"], "?schema=outdated"),
            (_("Migration failed"), attention["migration_failed"], "?schema=failed"),
        ],
        "spare_schemas": SpareSchema.objects.filter(schema_head=code_head()).count(),
        "recent_events": list(PlatformEvent.objects.select_related("network").order_by("-id")[:12]),
    }
