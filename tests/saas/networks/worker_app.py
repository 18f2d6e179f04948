"""The Celery application of the worker that `test_tasks` starts, with one task more."""

import django

from saas.celery import app
from saas.networks.context import current_network

django.setup()

from saas.networks.tasks import network_task  # noqa: E402 - reads models, so only once apps are ready

app.conf.task_always_eager = False


@network_task(name="tests.worker.remember")
def remember(schema_name: str, number: int) -> None:
    """Says in the platform's cache in which network it ran, as the network's own table knows it."""
    from django.core.cache import caches

    from saas.accounts.models import User

    owner = User.objects.get(role="owner")
    slug = str(owner.email).partition("@")[2].removesuffix(".example")
    assert slug == current_network().slug
    caches["platform"].set(f"worker:{schema_name}:{number}", slug, 300)
