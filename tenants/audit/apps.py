from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "tenants.audit"
    label = "audit"

    def ready(self) -> None:
        from tenants.audit import receivers  # noqa: F401, PLC0415 - connects itself
