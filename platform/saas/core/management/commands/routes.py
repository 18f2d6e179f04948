from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from saas.core.routes import routes_of

HEADER = "# Every address of the product. Written by `manage.py routes --write`; a test compares it with the code.\n"


class Command(BaseCommand):
    help = "Show every address; --write keeps them in docs/routes.lock, --check compares."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--write", action="store_true")
        parser.add_argument("--check", action="store_true")

    def handle(self, *_args: Any, **options: Any) -> None:
        text = inventory()
        path = lock_path()
        if options["write"]:
            path.write_text(text, encoding="utf-8")
            self.stdout.write(f"{path.name}: {text.count(chr(10)) - 1} routes")
            return
        if options["check"]:
            if not path.exists() or path.read_text(encoding="utf-8") != text:
                raise CommandError(
                    "docs/routes.lock is out of date: review the change, then `manage.py routes --write`"
                )
            return
        self.stdout.write(text)


def inventory() -> str:
    """Return the text of docs/routes.lock as the code has it."""
    routes = [
        *routes_of(settings.ROOT_URLCONF, surface="public"),
        *routes_of(settings.NETWORK_URLCONF, surface="network"),
    ]
    return HEADER + "".join(f"{line}\n" for line in dict.fromkeys(str(route) for route in routes))


def lock_path() -> Path:
    """Return where the committed inventory is."""
    return Path(settings.ROOT) / "docs" / "routes.lock"
