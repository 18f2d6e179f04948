from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    name = "saas.console"
    label = "console"
