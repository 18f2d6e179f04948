"""Groups of the network's staff, named after their roles, and what each may do in the back office."""

from django.db import migrations

_ALL = ("add", "change", "delete", "view")
_CATALOGUE = {
    ("clinics", "clinic"): _ALL,
    ("clinics", "organisation"): ("change", "view"),
    ("doctors", "specialization"): _ALL,
    ("doctors", "doctor"): _ALL,
    ("doctors", "doctorschedule"): _ALL,
    ("services", "servicecategory"): _ALL,
    ("services", "service"): _ALL,
    ("services", "serviceoverride"): _ALL,
    ("booking", "bookingpolicy"): ("change", "view"),
    ("booking", "appointment"): ("change", "view"),
    ("patients", "patient"): ("change", "view"),
    ("reviews", "review"): ("change", "view"),
    ("audit", "auditevent"): ("view",),
    ("outbox", "outboxdelivery"): ("change", "view"),
    ("accounts", "user"): ("add", "change", "view"),
    ("wagtailredirects", "redirect"): _ALL,
    ("wagtailimages", "image"): _ALL,
    ("wagtaildocs", "document"): _ALL,
    ("wagtailadmin", "admin"): ("access",),
}
_RECEPTION = {
    ("clinics", "clinic"): ("view",),
    ("doctors", "doctor"): ("view",),
    ("doctors", "doctorschedule"): ("view",),
    ("services", "service"): ("view",),
    ("booking", "appointment"): ("change", "view"),
    ("patients", "patient"): ("change", "view"),
    ("wagtailadmin", "admin"): ("access",),
}
_DOCTOR = {
    ("clinics", "clinic"): ("view",),
    ("doctors", "doctor"): ("view",),
    ("doctors", "doctorschedule"): ("view",),
    ("services", "service"): ("view",),
    ("wagtailadmin", "admin"): ("access",),
}
ROLES = {"owner": _CATALOGUE, "manager": _CATALOGUE, "reception": _RECEPTION, "doctor": _DOCTOR}
_SITE_ROLES = ("owner", "manager")
_PAGE = ("add", "change", "publish", "bulk_delete", "lock", "unlock")
_FILES = {"image": "wagtailimages", "document": "wagtaildocs"}
_FILE_ACTIONS = ("add", "change", "choose")


def create_groups(apps, schema_editor):
    """Permissions are made here as well: Django makes them after all migrations, which is too late."""
    Group = apps.get_model("auth", "Group")
    Group.objects.filter(name__in=("Editors", "Moderators")).delete()
    for name, wanted in ROLES.items():
        group, _created = Group.objects.get_or_create(name=name)
        for (app_label, model), actions in wanted.items():
            group.permissions.add(*[_permission(apps, app_label, model, action) for action in actions])
    root = apps.get_model("wagtailcore", "Page").objects.filter(depth=1).first()
    collection = apps.get_model("wagtailcore", "Collection").objects.filter(depth=1).first()
    on_pages = apps.get_model("wagtailcore", "GroupPagePermission").objects
    on_files = apps.get_model("wagtailcore", "GroupCollectionPermission").objects
    for group in Group.objects.filter(name__in=_SITE_ROLES):
        for action in _PAGE:
            on_pages.get_or_create(
                group=group, page=root, permission=_permission(apps, "wagtailcore", "page", action)
            )
        for model, app_label in _FILES.items():
            for action in _FILE_ACTIONS:
                on_files.get_or_create(
                    group=group, collection=collection, permission=_permission(apps, app_label, model, action)
                )


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
        ("cms", "0001_initial"),
        ("accounts", "0001_initial"),
        ("audit", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("booking", "0001_initial"),
        ("clinics", "0001_initial"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("doctors", "0001_initial"),
        ("outbox", "0001_initial"),
        ("patients", "0001_initial"),
        ("reviews", "0001_initial"),
        ("services", "0001_initial"),
        ("wagtailadmin", "0006_formstate"),
        ("wagtailcore", "0098_apitoken"),
        ("wagtaildocs", "0014_alter_document_file_size"),
        ("wagtailimages", "0027_image_description"),
        ("wagtailredirects", "0008_add_verbose_name_plural"),
    ]
    operations = [migrations.RunPython(create_groups, migrations.RunPython.noop, elidable=False)]
