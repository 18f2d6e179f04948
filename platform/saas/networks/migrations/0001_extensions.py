from django.db import migrations


class Migration(migrations.Migration):
    """Extensions live in a schema of their own, on every search path, so that networks never look into public."""

    initial = True

    dependencies = []

    operations = [
        migrations.RunSQL(
            "CREATE SCHEMA IF NOT EXISTS extensions;"
            "CREATE EXTENSION IF NOT EXISTS btree_gist SCHEMA extensions;"
            "CREATE EXTENSION IF NOT EXISTS pg_trgm SCHEMA extensions;"
            "CREATE EXTENSION IF NOT EXISTS unaccent SCHEMA extensions;",
            reverse_sql=migrations.RunSQL.noop,
        ),
    ]
