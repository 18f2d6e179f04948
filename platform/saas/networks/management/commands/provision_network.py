from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from saas.core.errors import DomainError
from saas.networks.actions import NetworkProfile, create_network, provision_network
from saas.networks.hosts import network_host, network_url


class Command(BaseCommand):
    help = "Create a network with its schema, address and owner."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", help="subdomain, such as severnaya")
        parser.add_argument("--name", required=True)
        parser.add_argument("--owner", required=True, help="e-mail of the owner")
        parser.add_argument("--language", default="ru")
        parser.add_argument("--country", default="RU")
        parser.add_argument("--currency", default="RUB")
        parser.add_argument("--time-zone", default="Europe/Moscow")

    def handle(self, *_args: Any, **options: Any) -> None:
        profile = NetworkProfile(
            name=options["name"],
            slug=options["slug"],
            owner_email=options["owner"],
            language=options["language"],
            country=options["country"],
            currency=options["currency"],
            time_zone=options["time_zone"],
        )
        try:
            network = create_network(profile=profile)
            provision_network(network_id=network.pk, profile=profile)
        except DomainError as error:
            raise CommandError(f"{error} [{error.code}]") from error
        self.stdout.write(
            self.style.SUCCESS(f"{network.schema_name}: {network_url(network_host(network.slug))}")
        )
