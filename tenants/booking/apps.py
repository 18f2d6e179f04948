from django.apps import AppConfig


class BookingConfig(AppConfig):
    name = "tenants.booking"
    label = "booking"

    def ready(self) -> None:
        from saas.networks.usage import register_usage  # noqa: PLC0415 - apps must be loaded first
        from tenants.booking import receivers  # noqa: F401, PLC0415 - connects the signals
        from tenants.booking.consuming import register  # noqa: PLC0415 - apps must be loaded first
        from tenants.booking.gaps import receivers as gap_receivers  # noqa: PLC0415 - apps must be loaded first
        from tenants.booking.models import Appointment  # noqa: PLC0415 - apps must be loaded first
        from tenants.booking.windows.receivers import connect  # noqa: PLC0415 - apps must be loaded first

        connect()
        gap_receivers.connect()
        register()
        register_usage("appointments", Appointment.objects.count)
