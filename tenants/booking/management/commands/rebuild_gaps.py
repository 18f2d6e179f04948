import sys
import time
from argparse import ArgumentParser
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from saas.networks.context import network_context, public_context
from saas.networks.directory import primary_host
from saas.networks.lifecycle import states_with_schema
from saas.networks.models import Network
from tenants.booking.gaps.upkeep import check_sample, rebuild_all

_BAR_WIDTH: Final = 32


class Command(BaseCommand):
    help = "Write the stored free time of one network, or of all, anew; with --check only compare and repair."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("schema_name", nargs="?", help="such as t_12; every network without it")
        parser.add_argument("--check", type=int, metavar="N", help="compare N random doctors instead")

    def handle(self, *_args: Any, **options: Any) -> None:
        with public_context():
            networks = Network.objects.filter(state__in=states_with_schema()).order_by("id")
            if options["schema_name"]:
                networks = networks.filter(schema_name=options["schema_name"])
            refs = [network.ref(primary_host=primary_host(network)) for network in networks]
        if not refs:
            raise CommandError("there is no such network")
        for ref in refs:
            self._started = time.monotonic()
            self._schema_name = ref.schema_name
            with network_context(ref):
                if options["check"]:
                    self._check(options["check"])
                else:
                    self._rebuild()

    def _check(self, size: int) -> None:
        drift = check_sample(now=timezone.now(), size=size)
        style = self.style.WARNING if drift.repaired else self.style.SUCCESS
        self.stdout.write(
            style(f"{self._schema_name}: {drift.compared} compared, {len(drift.repaired)} repaired")
        )

    def _rebuild(self) -> None:
        count = rebuild_all(now=timezone.now(), progress=self._show)
        self.stdout.write(
            self.style.SUCCESS(
                f"{self._schema_name}: {count} doctors in {time.monotonic() - self._started:.1f} s"
            )
        )

    def _show(self, done: int, total: int) -> None:
        if not sys.stdout.isatty():
            return
        filled = _BAR_WIDTH * done // total
        bar = "#" * filled + "." * (_BAR_WIDTH - filled)
        self.stdout.write(
            f"\r[{bar}] {done}/{total} {self._schema_name} {time.monotonic() - self._started:.0f} s",
            ending="" if done < total else "\n",
        )
