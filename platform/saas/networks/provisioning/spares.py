"""Ready-made schemas: a sign-up takes one by renaming it, in a fraction of a millisecond."""

from uuid import uuid4

from django.conf import settings
from django.db import transaction

from saas.networks.context import public_context
from saas.networks.models import SpareSchema
from saas.networks.provisioning.heads import code_head
from saas.networks.provisioning.schemas import drop_schema, rename_schema
from saas.networks.provisioning.script import create_from_script


def take_spare(new_name: str) -> bool:
    """Rename a spare schema of the code's version to `new_name`; return False when there is none.

    Locks the chosen row and skips those that others hold, so parallel sign-ups never wait for each other.
    """
    with public_context(), transaction.atomic():
        spare = (
            SpareSchema.objects.select_for_update(skip_locked=True)
            .filter(schema_head=code_head())
            .order_by("id")
            .first()
        )
        if spare is None:
            return False
        rename_schema(spare.schema_name, new_name)
        spare.delete()
        return True


def refill_spares(*, target: int | None = None) -> int:
    """Make spares until `target` exist, drop those of older versions; return how many were made."""
    wanted = settings.SPARE_SCHEMAS if target is None else target
    made = 0
    with public_context():
        for stale in SpareSchema.objects.exclude(schema_head=code_head()):
            with transaction.atomic():
                drop_schema(stale.schema_name)
                stale.delete()
        while SpareSchema.objects.filter(schema_head=code_head()).count() < wanted:
            name = f"spare_{uuid4().hex[:12]}"
            with transaction.atomic():
                create_from_script(name)
                SpareSchema.objects.create(schema_name=name, schema_head=code_head())
            made += 1
    return made
