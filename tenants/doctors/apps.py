from django.apps import AppConfig


class DoctorsConfig(AppConfig):
    name = "tenants.doctors"
    label = "doctors"

    def ready(self) -> None:
        from saas.networks.usage import register_usage  # noqa: PLC0415 - apps must be loaded first
        from tenants.doctors.models import Doctor  # noqa: PLC0415 - apps must be loaded first

        register_usage("doctors", Doctor.objects.filter(is_active=True).count)
