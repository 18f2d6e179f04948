from django.apps import AppConfig


class APIConfig(AppConfig):
    name = "tenants.api"
    label = "api"
