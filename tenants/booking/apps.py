from django.apps import AppConfig


class BookingConfig(AppConfig):
    name = "tenants.booking"
    label = "booking"
