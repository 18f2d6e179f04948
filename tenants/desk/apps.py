from django.apps import AppConfig


class DeskConfig(AppConfig):
    name = "tenants.desk"
    label = "desk"
