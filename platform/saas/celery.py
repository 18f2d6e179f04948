"""The Celery application. Tasks are found in every app's `tasks.py`; see `saas.networks.tasks` for their two kinds."""

import os

from celery import Celery
from celery.signals import task_postrun
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "saas.settings.dev")

app = Celery("polyclinic")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(lambda: settings.INSTALLED_APPS)
app.autodiscover_tasks(lambda: settings.INSTALLED_APPS, related_name="scheduled")


@task_postrun.connect
def check_schema_left(**kwargs: object) -> None:
    """After every task the worker must be outside every schema; an eager task is inside its caller's."""
    from saas.networks.tasks import assert_outside  # noqa: PLC0415 - apps must be loaded first

    if not app.conf.task_always_eager:
        assert_outside(**kwargs)
