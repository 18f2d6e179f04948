from django.apps import AppConfig


class NetworksConfig(AppConfig):
    name = "saas.networks"
    label = "networks"

    def ready(self) -> None:
        from saas.networks import checks, contenttypes, deletion, wagtail_caches  # noqa: F401, PLC0415 - checks register themselves

        contenttypes.install()
        deletion.install()
        wagtail_caches.install()
