import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from saas.networks.migrating.outdated import outdated_networks
from saas.networks.migrating.runner import Outcome, migrate_networks

_BAR_WIDTH = 32


class Command(BaseCommand):
    help = "Bring every network's schema to the code's version: template, canaries, then the rest."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--workers", type=int, default=2)
        parser.add_argument("--check", action="store_true", help="only say who is outdated; exit 1 if any")

    def handle(self, *_args: Any, **options: Any) -> None:
        if options["check"]:
            outdated = outdated_networks()
            for network in outdated:
                self.stdout.write(network.schema_name)
            if outdated:
                raise CommandError(f"{len(outdated)} networks are outdated")
            self.stdout.write("all networks are current")
            return
        outcomes = migrate_networks(workers=options["workers"], progress=self._show)
        failed = [outcome for outcome in outcomes if outcome.error]
        for outcome in failed:
            self.stderr.write(f"{outcome.schema_name}: {outcome.error}")
        if failed:
            raise CommandError(
                f"{len(failed)} of {len(outcomes)} networks failed; run the command again to resume"
            )
        self.stdout.write(self.style.SUCCESS(f"{len(outcomes)} networks migrated"))

    def _show(self, done: int, total: int, outcome: Outcome) -> None:
        filled = _BAR_WIDTH * done // total
        bar = "#" * filled + "." * (_BAR_WIDTH - filled)
        line = f"[{bar}] {done}/{total} {outcome.schema_name} {outcome.seconds:.1f} s"
        if sys.stdout.isatty():
            self.stdout.write(f"\r{line}", ending="" if done < total else "\n")
        else:
            self.stdout.write(line)
