from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    name = "tenants.notifications"
    label = "notifications"

    def ready(self) -> None:
        from tenants.notifications.consumers import register  # noqa: PLC0415 - apps must be loaded first

        register()
