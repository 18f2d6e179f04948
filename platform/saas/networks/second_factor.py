"""Help for staff who lost their second factor, given by an operator who has made sure who asks."""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from saas.accounts.actions import reset_second_factor
from saas.accounts.models import User
from saas.core.errors import NotFound
from saas.networks import audit
from saas.networks.context import network_context, public_context
from saas.networks.errors import NetworkNotFound
from saas.networks.models import Network
from saas.networks.signals import second_factor_reset


class NobodyThere(NotFound):
    """Patients count as nobody: they have no second factor."""

    code = "nobody_there"
    message = _("Nobody on the staff of this network has this e-mail.")


def reset_staff_second_factor(
    *, network_id: int, email: str, reason: str, operator_id: int | None = None
) -> int:
    """Remove the second factor and the password of one of a network's staff; return how many factors were removed.

    All their sessions end; they come back by resetting the password over their e-mail. Written to the platform's log
    and to the network's own. Sends `second_factor_reset`. Raises NetworkNotFound, NobodyThere.
    """
    with public_context(), transaction.atomic():
        network = Network.objects.filter(pk=network_id).first()
        if network is None:
            raise NetworkNotFound
        with network_context(network.schema_name):
            user = User.objects.select_for_update().filter(email=email.strip().lower()).first()
            if user is None or not user.works_here:
                raise NobodyThere
            removed = reset_second_factor(user=user)
            second_factor_reset.send(sender=User, user_id=user.pk, operator_id=operator_id, reason=reason)
        audit.record(
            "account.second_factor_reset",
            network=network,
            actor_id=operator_id,
            data={"user": user.pk, "removed": removed, "reason": reason},
        )
    return removed
