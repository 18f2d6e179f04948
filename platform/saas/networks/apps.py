from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class NetworksConfig(AppConfig):
    name = "saas.networks"
    label = "networks"
    verbose_name = _("networks")

    def ready(self) -> None:
        from saas.networks import checks, contenttypes, deletion, request_log, wagtail_caches  # noqa: F401, PLC0415 - checks register themselves

        contenttypes.install()
        deletion.install()
        wagtail_caches.install()
