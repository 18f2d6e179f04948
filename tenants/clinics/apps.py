from django.apps import AppConfig


class ClinicsConfig(AppConfig):
    name = "tenants.clinics"
    label = "clinics"
