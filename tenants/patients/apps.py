from django.apps import AppConfig


class PatientsConfig(AppConfig):
    name = "tenants.patients"
    label = "patients"
