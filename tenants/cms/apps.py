from django.apps import AppConfig


class CMSConfig(AppConfig):
    name = "tenants.cms"
    label = "cms"
