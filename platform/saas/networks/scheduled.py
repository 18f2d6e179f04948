"""What the platform does by the clock. Beat sends these; they run in the public schema."""

import structlog
from django.db import DatabaseError
from django.utils import timezone

from saas.networks.actions import provision_network
from saas.networks.context import network_context
from saas.networks.directory import primary_host
from saas.networks.handover import forget_old_grants
from saas.networks.lifecycle import working_states
from saas.networks.migrating.runner import migrate_one
from saas.networks.models import Network
from saas.networks.profiles import profile_of
from saas.networks.provisioning.spares import refill_spares
from saas.networks.tasks import public_task
from saas.networks.usage import count_usage

logger = structlog.get_logger(__name__)


@public_task(name="saas.networks.scheduled.refill_spare_schemas")
def refill_spare_schemas() -> None:
    """Keep the pool of ready-made schemas full."""
    made = refill_spares()
    if made:
        logger.info("spare_schemas_made", count=made)


@public_task(name="saas.networks.scheduled.count_usage_of_all")
def count_usage_of_all() -> None:
    """Refresh the figures that the console shows. A network that fails keeps its old figures and is reported."""
    for network in Network.objects.filter(state__in=working_states()).iterator(chunk_size=200):
        try:
            with network_context(network.ref(primary_host=primary_host(network))):
                usage = count_usage()
        except DatabaseError:
            logger.exception("usage_count_failed", schema=network.schema_name)
            continue
        Network.objects.filter(pk=network.pk).update(usage=usage, usage_at=timezone.now())


@public_task(name="saas.networks.scheduled.migrate_network")
def migrate_network(network_id: int) -> None:
    """Migrate one network now; how it went stands in its row."""
    migrate_one(network_id)


@public_task(name="saas.networks.scheduled.provision_again")
def provision_again(network_id: int) -> None:
    """Try again what failed, from what the network's row knows of the sign-up."""
    network = Network.objects.get(pk=network_id)
    provision_network(network_id=network_id, profile=profile_of(network))


@public_task(name="saas.networks.scheduled.forget_grants")
def forget_grants() -> None:
    """Delete hand-over grants that nobody can use any more."""
    count = forget_old_grants()
    if count:
        logger.info("grants_forgotten", count=count)
