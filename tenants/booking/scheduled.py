"""What booking does at night for every network, and soon after a change that concerns many doctors."""

import structlog
from celery.app.task import Task
from django.db import transaction
from django.utils import timezone
from kombu.exceptions import OperationalError as BrokerError

from saas.networks.context import current_schema
from saas.networks.lifecycle import working_states
from saas.networks.models import Network
from saas.networks.tasks import network_task, public_task
from tenants.booking.gaps import upkeep as gaps_upkeep
from tenants.booking.windows.alerts import alert_managers
from tenants.booking.windows.clocks import note_visits_off_their_clock
from tenants.booking.windows.upkeep import keep_up, refresh_stale

logger = structlog.get_logger(__name__)


@network_task(name="tenants.booking.scheduled.nightly")
def nightly(schema_name: str) -> None:
    """Move the horizon of working time by a day, look for clocks that were changed, tell whose hours end."""
    now = timezone.now()
    count = keep_up(now=now)
    drift = gaps_upkeep.keep_up(now=now)
    with transaction.atomic():
        disagree = note_visits_off_their_clock(now=now)
        alerts = alert_managers(now=now)
    logger.info(
        "booking_nightly",
        resources=count,
        clocks_disagree=disagree,
        hours_end=alerts,
        gaps_repaired=len(drift.repaired),
    )


@network_task(name="tenants.booking.scheduled.refresh_windows")
def refresh_windows(schema_name: str) -> None:
    """Rebuild working time that a change of rules has made stale, before anybody has to wait for it."""
    refresh_stale(now=timezone.now())


@public_task(name="tenants.booking.scheduled.nightly_all")
def nightly_all() -> None:
    """Send every working network its night's work."""
    networks = Network.objects.filter(state__in=working_states()).order_by("pk")
    for schema_name in networks.values_list("schema_name", flat=True):
        if not _sent(nightly, schema_name):
            return  # the next night does it; readers rebuild what they find stale


def refresh_soon() -> None:
    """Have the entered network's stale working time rebuilt, once the transaction commits."""
    schema_name = current_schema()
    transaction.on_commit(lambda: _sent(refresh_windows, schema_name), robust=True)


def _sent(task: Task[..., object], schema_name: str) -> bool:
    try:
        task.apply_async(args=(schema_name,), retry=False)
    except BrokerError:
        logger.warning("booking_task_lost", task=task.name, schema=schema_name)
        return False
    return True
