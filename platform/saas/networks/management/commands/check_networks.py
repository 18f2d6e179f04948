from typing import Any

from django.core.management.base import BaseCommand, CommandError

from saas.networks.context import public_context
from saas.networks.lifecycle import states_with_schema
from saas.networks.migrating.outdated import lacking_migrations
from saas.networks.models import Network
from saas.networks.provisioning.drift import differences, schema_shape
from saas.networks.provisioning.schemas import TEMPLATE_SCHEMA, schema_exists


class Command(BaseCommand):
    help = (
        "Compare every network's schema with the template: tables, columns, constraints, indexes, migrations."
    )

    def handle(self, *_args: Any, **_options: Any) -> None:
        with public_context():
            reference = schema_shape(TEMPLATE_SCHEMA)
            networks = list(Network.objects.filter(state__in=states_with_schema()).order_by("id"))
            drifted = 0
            for network in networks:
                found = self._problems(network.schema_name, reference)
                drifted += bool(found)
                for line in found:
                    self.stdout.write(f"{network.schema_name}: {line}")
        if drifted:
            raise CommandError(f"{drifted} of {len(networks)} networks differ from the template")
        self.stdout.write(self.style.SUCCESS(f"{len(networks)} networks equal the template"))

    @staticmethod
    def _problems(schema_name: str, reference: frozenset[str]) -> list[str]:
        if not schema_exists(schema_name):
            return ["the schema does not exist"]
        if lacking_migrations([schema_name]):
            return ["migrations are missing: run migrate_networks"]
        return differences(schema_name, reference)
