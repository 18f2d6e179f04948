"""What the roles may do with working time, rooms and the rules of booking."""

from django.db import migrations

_ALL = ("add", "change", "delete", "view")
_MANAGED = {
    ("clinics", "traveltime"): _ALL,
    ("doctors", "floatingbreak"): _ALL,
    ("booking", "scheduleexception"): _ALL,
    ("booking", "resource"): _ALL,
    ("booking", "resourcepool"): _ALL,
    ("booking", "servicerequirement"): _ALL,
    ("booking", "policyoverride"): _ALL,
    ("booking", "bookingcap"): _ALL,
    ("booking", "releasewave"): _ALL,
}
_SEEN = {("booking", "scheduleexception"): ("view",)}
ROLES = {"owner": _MANAGED, "manager": _MANAGED, "reception": _SEEN, "doctor": _SEEN}


def grant(apps, schema_editor):
    """Permissions are made here as well: Django makes them after all migrations, which is too late."""
    for name, wanted in ROLES.items():
        group, _created = apps.get_model("auth", "Group").objects.get_or_create(name=name)
        for (app_label, model), actions in wanted.items():
            group.permissions.add(*[_permission(apps, app_label, model, action) for action in actions])


def _permission(apps, app_label, model, action):
    content_type, _created = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
        app_label=app_label, model=model
    )
    permission, _created = apps.get_model("auth", "Permission").objects.get_or_create(
        content_type=content_type, codename=f"{action}_{model}", defaults={"name": f"Can {action} {model}"}
    )
    return permission


class Migration(migrations.Migration):
    dependencies = [
        ("cms", "0003_imports"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("booking", "0003_booking_engine"),
        ("doctors", "0003_patterns_breaks"),
        ("clinics", "0003_holidays_travel"),
    ]
    operations = [migrations.RunPython(grant, migrations.RunPython.noop, elidable=False)]
