"""Write the searched text of patients again, in every network: after an upgrade or a change of its rules."""

from typing import Any, Final

from django.core.management.base import BaseCommand, CommandParser

from saas.networks.context import network_context, public_context
from saas.networks.directory import primary_host
from saas.networks.lifecycle import working_states
from saas.networks.models import Network
from tenants.patients.models import Patient
from tenants.patients.search import search_text

_BATCH: Final = 1000


class Command(BaseCommand):
    help = "Fill what the desk searches patients by. Safe to repeat; rows that are right are left alone."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--network", default="", help="slug of one network; all of them without it")

    def handle(self, *_args: Any, **options: Any) -> None:
        with public_context():
            networks = Network.objects.filter(state__in=working_states()).order_by("pk")
            if options["network"]:
                networks = networks.filter(slug=options["network"])
            refs = [network.ref(primary_host=primary_host(network)) for network in networks]
        for ref in refs:
            with network_context(ref):
                count = fill()
            self.stdout.write(f"{ref.slug}: {count}")


def fill() -> int:
    """Write the text of the entered network's patients where it is not what it should be; return how many."""
    written = 0
    changed: list[Patient] = []
    for patient in Patient.objects.order_by("pk").iterator(chunk_size=_BATCH):
        wanted = search_text(patient)
        if patient.search_text != wanted:
            patient.search_text = wanted
            changed.append(patient)
        if len(changed) == _BATCH:
            written += Patient.objects.bulk_update(changed, ["search_text"])
            changed = []
    return written + Patient.objects.bulk_update(changed, ["search_text"])
