from importlib import import_module

from django.apps import AppConfig


class DeskConfig(AppConfig):
    name = "tenants.desk"
    label = "desk"

    def ready(self) -> None:
        import_module("tenants.desk.receivers")
        import_module("tenants.desk.reports.daily").register()
