from importlib import import_module

from django.apps import AppConfig


class ClinicsConfig(AppConfig):
    name = "tenants.clinics"
    label = "clinics"

    def ready(self) -> None:
        import_module("tenants.clinics.receivers")
