from django.apps import AppConfig


class DoctorsConfig(AppConfig):
    name = "tenants.doctors"
    label = "doctors"
