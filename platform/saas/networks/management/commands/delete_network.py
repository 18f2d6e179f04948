from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from saas.core.errors import DomainError
from saas.networks.actions import purge_network
from saas.networks.context import public_context
from saas.networks.models import Network


class Command(BaseCommand):
    help = (
        "Erase a network for good: schema, files, cache, addresses. Asks for its address to be typed again."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug")
        parser.add_argument("--confirm", help="the address once more, to skip the question")
        parser.add_argument(
            "--force", action="store_true", help="even if it is not closed, or not for 30 days"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        slug = options["slug"]
        with public_context():
            network = Network.objects.filter(slug=slug).first()
        if network is None:
            raise CommandError(f"no network has the address {slug}")
        confirmed = options["confirm"] or input(f"Type “{slug}” to erase {network.name} for good: ")
        if confirmed != slug:
            raise CommandError("not confirmed, nothing was deleted")
        try:
            purge_network(network_id=network.pk, force=options["force"])
        except DomainError as error:
            raise CommandError(f"{error} [{error.code}]") from error
        self.stdout.write(self.style.SUCCESS(f"{slug} is deleted"))
