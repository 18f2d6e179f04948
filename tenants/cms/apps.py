from django.apps import AppConfig


class CMSConfig(AppConfig):
    name = "tenants.cms"
    label = "cms"

    def ready(self) -> None:
        from tenants.cms import receivers  # noqa: F401, PLC0415 - connects the receivers once apps are ready
