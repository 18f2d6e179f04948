"""Last names in order, so that the desk's search reads the first few of them and stops."""

import django.db.models.functions.comparison
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("patients", "0002_card")]

    operations = [
        migrations.AddIndex(
            model_name="patient",
            index=models.Index(
                django.db.models.functions.comparison.Collate("search_text", "C"),
                name="patients_patient_order",
            ),
        ),
    ]
