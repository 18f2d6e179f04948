"""The template schema: the one schema that is made by running migrations."""

from collections.abc import Callable

from django.core.management import call_command
from django.db import connection

from saas.networks.context import network_context, public_context
from saas.networks.provisioning.schemas import TEMPLATE_SCHEMA, create_schema, schema_exists
from saas.networks.provisioning.script import script_path, write_script


def build_template(*, tell: Callable[[str], None] = lambda _text: None) -> None:
    """Migrate the template schema to the code's version and write its script. Does nothing when up to date."""
    with public_context():
        if script_path().exists() and schema_exists(TEMPLATE_SCHEMA):
            return
        if not schema_exists(TEMPLATE_SCHEMA):
            create_schema(TEMPLATE_SCHEMA)
    tell("migrating the template schema")
    migrate_schema(TEMPLATE_SCHEMA, source_schema="public")
    tell("writing the template script")
    with public_context():
        write_script()


def migrate_schema(schema_name: str, *, source_schema: str) -> None:
    """Bring one network schema to the code's version, with content types numbered as in `source_schema`."""
    with network_context(schema_name):
        call_command("migrate", "contenttypes", interactive=False, verbosity=0, skip_checks=True)
        copy_content_types(source_schema)
        call_command("migrate", interactive=False, verbosity=0, skip_checks=True)


def copy_content_types(source_schema: str) -> None:
    """Give the entered schema the content types of another, under the same ids.

    Equal ids everywhere keep a wrong cache from ever naming the wrong model.
    """
    source = connection.ops.quote_name(source_schema)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            INSERT INTO django_content_type (id, app_label, model)
            SELECT id, app_label, model FROM {source}.django_content_type
            ON CONFLICT DO NOTHING
            """  # noqa: S608 - a quoted schema of ours
        )
        cursor.execute(
            """
            SELECT setval(pg_get_serial_sequence('django_content_type', 'id'), GREATEST(max(id), 1))
            FROM django_content_type
            """
        )
