from argparse import ArgumentParser
from contextlib import AbstractContextManager
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from saas.accounts.actions import reset_second_factor
from saas.accounts.models import User
from saas.networks import audit
from saas.networks.context import network_context, public_context
from saas.networks.models import Network


class Command(BaseCommand):
    help = "Remove the second factor of somebody who lost it. They sign in again by resetting their password."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--network", help="address of the network; without it: operators and owners")
        parser.add_argument("--reason", required=True, help="how the person proved who they are")

    def handle(self, *_args: Any, **options: Any) -> None:
        network = None
        where: AbstractContextManager[None] = public_context()
        if options["network"]:
            with public_context():
                network = Network.objects.filter(slug=options["network"]).first()
            if network is None:
                raise CommandError(f"no network has the address {options['network']}")
            where = network_context(network.schema_name)
        with where:
            user = User.objects.filter(email=options["email"].lower()).first()
            if user is None:
                raise CommandError("nobody has this e-mail there")
            removed = reset_second_factor(user=user)
        audit.record(
            "account.second_factor_reset",
            network=network,
            data={"user": user.pk, "removed": removed, "reason": options["reason"]},
        )
        self.stdout.write(self.style.SUCCESS(f"{removed} removed; they can now reset their password"))
