from django.apps import AppConfig, apps


class CMSConfig(AppConfig):
    name = "tenants.cms"
    label = "cms"

    def ready(self) -> None:
        from tenants.cms import receivers  # noqa: F401, PLC0415 - connects the receivers once apps are ready

        # Staff are people with one role each, not Wagtail's users with groups to tick.
        apps.get_app_config("wagtailusers").user_viewset = "tenants.cms.admin.staff.StaffViewSet"  # type: ignore[attr-defined] # Wagtail's attribute
