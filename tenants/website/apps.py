from django.apps import AppConfig


class WebsiteConfig(AppConfig):
    name = "tenants.website"
    label = "website"
