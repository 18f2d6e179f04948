from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from saas.accounts.actions import reset_second_factor
from saas.accounts.models import User
from saas.core.errors import DomainError
from saas.networks import audit
from saas.networks.context import public_context
from saas.networks.models import Network
from saas.networks.second_factor import reset_staff_second_factor


class Command(BaseCommand):
    help = "Remove the second factor of somebody who lost it. They sign in again by resetting their password."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--network", help="address of the network; without it: operators and owners")
        parser.add_argument("--reason", required=True, help="how the person proved who they are")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            removed = self._of_staff(**options) if options["network"] else self._of_the_platform(**options)
        except DomainError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(self.style.SUCCESS(f"{removed} removed; they can now reset their password"))

    def _of_staff(self, *, network: str, email: str, reason: str, **_options: Any) -> int:
        with public_context():
            found = Network.objects.filter(slug=network).first()
        if found is None:
            raise CommandError(f"no network has the address {network}")
        return reset_staff_second_factor(network_id=found.pk, email=email, reason=reason)

    def _of_the_platform(self, *, email: str, reason: str, **_options: Any) -> int:
        with public_context(), transaction.atomic():
            user = User.objects.select_for_update().filter(email=email.lower()).first()
            if user is None:
                raise CommandError("nobody has this e-mail there")
            removed = reset_second_factor(user=user)
            audit.record(
                "account.second_factor_reset",
                data={"user": user.pk, "removed": removed, "reason": reason},
            )
        return removed
