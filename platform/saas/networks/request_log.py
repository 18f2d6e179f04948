"""The network's name in the log lines that are written around the request, outside its schema."""

from django.dispatch import receiver
from django.http import HttpRequest
from django_structlog import signals

from saas.networks.requests import network_of


@receiver([signals.bind_extra_request_finished_metadata, signals.bind_extra_request_failed_metadata])
def name_the_network(request: HttpRequest, log_kwargs: dict[str, object], **_kwargs: object) -> None:
    """Add `network`, the schema of the host that was asked."""
    network = network_of(request)
    log_kwargs["network"] = network.schema_name if network else "public"
