"""`manage.py demo`: two networks to look around in, with log-ins of every role."""

from __future__ import annotations

import json
import time
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from tenants.desk.demo.accounts import logins_of, platform_logins
from tenants.desk.demo.build import build_all
from tenants.desk.demo.networks import NETWORKS


class Command(BaseCommand):
    help = "Creates the demo networks, or fills their calendars up to two weeks from today."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--logins", action="store_true", help="Print the log-ins; change nothing.")
        parser.add_argument("--json", action="store_true", help="Print the log-ins as JSON.")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.IS_DEMO:
            raise CommandError(
                "Demo networks have printed passwords. They are made only where settings.IS_DEMO is set."
            )
        if not options["logins"]:
            started = time.monotonic()
            build_all()
            self.stdout.write(f"The demo networks are ready ({time.monotonic() - started:.1f} s).")
            return
        logins = platform_logins(NETWORKS)
        for demo in NETWORKS:
            logins += logins_of(demo)
        if options["json"]:
            self.stdout.write(json.dumps([asdict(row) for row in logins], ensure_ascii=False))
            return
        for row in logins:
            self.stdout.write(f"{row.role:<50}  {row.email:<34}  {row.password}  {row.url}")
