from typing import Any

from django.core.management.base import BaseCommand

from saas.networks.provisioning.spares import refill_spares
from saas.networks.provisioning.template import build_template


class Command(BaseCommand):
    help = (
        "Bring the template schema to the code's version, write its script, refill the pool of spare schemas."
    )

    def handle(self, *_args: Any, **_options: Any) -> None:
        build_template(tell=self.stdout.write)
        made = refill_spares()
        self.stdout.write(self.style.SUCCESS(f"template is current, {made} spare schemas made"))
