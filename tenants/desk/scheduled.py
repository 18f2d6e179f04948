"""Every half hour: the networks where it is eight in the evening get their daily report."""

import structlog
from django.utils import timezone
from kombu.exceptions import OperationalError as BrokerError

from saas.networks.lifecycle import working_states
from saas.networks.models import Network
from saas.networks.tasks import network_task, public_task
from tenants.desk.reports.daily import is_due, publish_daily

logger = structlog.get_logger(__name__)


@network_task(name="tenants.desk.scheduled.daily_report")
def daily_report(schema_name: str, zone: str) -> None:
    """Write one network's report to the outbox."""
    count = publish_daily(zone=zone, now=timezone.now())
    logger.info("daily_report", readers=count)


@public_task(name="tenants.desk.scheduled.daily_reports")
def daily_reports() -> None:
    """Send every network that is due its task. A broker that is away costs that evening's report, nothing else."""
    now = timezone.now()
    networks = Network.objects.filter(state__in=working_states()).order_by("pk")
    for schema_name, zone in networks.values_list("schema_name", "time_zone"):
        if not is_due(zone, now=now):
            continue
        try:
            daily_report.apply_async(args=(schema_name, zone), retry=False)
        except BrokerError:
            logger.warning("daily_report_lost", schema=schema_name)
