from django.apps import AppConfig


class WebsiteConfig(AppConfig):
    name = "tenants.website"
    label = "website"

    def ready(self) -> None:
        from tenants.cms.rendering import register_view  # noqa: PLC0415 - views need apps to be ready
        from tenants.website.views import pages  # noqa: PLC0415 - views need apps to be ready

        for kind in ("doctors", "doctor", "services", "service", "clinics", "clinic"):
            register_view(kind, getattr(pages, kind))
