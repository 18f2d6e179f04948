"""One-time rights to be signed in to a network: the owner coming from the public site, an operator on a visit.

The token travels in one address, is good for a minute and once; only its hash is stored. It carries no rights of
its own: who may be signed in is decided in the network when it is redeemed.
"""

import secrets
from datetime import timedelta
from hashlib import sha256
from typing import Final

from django.db import transaction
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _

from saas.core.errors import Refused
from saas.networks import audit
from saas.networks.context import current_network, public_context
from saas.networks.errors import BadLink, ExpiredLink, NetworkNotFound
from saas.networks.hosts import network_url
from saas.networks.lifecycle import serves
from saas.networks.models import Domain, HandoverGrant, Network

GRANT_SECONDS: Final = 60
VISIT_MINUTES: Final = 30
"""How long an operator may stay in a network on one grant."""

_OPEN_PATHS: Final = ("/cms/", "/desk/", "/setup/", "/my/")


class NetworkNotServing(Refused):
    """The network is suspended, closed or not ready: nobody can be signed in there."""

    code = "network_not_serving"
    message = _("This network does not answer at the moment, so nobody can be signed in there.")


def issue_handover(
    *, kind: str, network_id: int, user_id: int, email: str, next_path: str = "/", reason: str = ""
) -> str:
    """Return an absolute address on the network's host that signs its holder in once, within a minute.

    `user_id` is a user of the public schema. `kind` is a HandoverGrant.Kind; an operator must give a reason.
    Raises NetworkNotFound, or NetworkNotServing.
    """
    kind = HandoverGrant.Kind(kind)
    if kind == HandoverGrant.Kind.OPERATOR and not reason.strip():
        raise Refused(_("Please say why you need to visit this network."), code="reason_required")
    token = secrets.token_urlsafe(32)
    with public_context(), transaction.atomic():
        network = Network.objects.filter(pk=network_id).first()
        if network is None:
            raise NetworkNotFound
        if not serves(network.state):
            raise NetworkNotServing
        host = Domain.objects.get(tenant=network, is_primary=True).domain
        grant = HandoverGrant.objects.create(
            token_hash=_hash(token),
            kind=kind,
            network=network,
            issued_to_id=user_id,
            email=email.lower(),
            reason=reason.strip(),
            next_path=safe_next_path(next_path),
            expires_at=timezone.now() + timedelta(seconds=GRANT_SECONDS),
        )
        audit.record(
            f"handover.{kind}_issued",
            network=network,
            actor_id=user_id,
            data={"grant": grant.pk, "reason": grant.reason},
        )
    return network_url(host, reverse("handover", args=[token], urlconf="saas.networks.urls_handover"))


def redeem_handover(token: str) -> HandoverGrant:
    """Use up a grant for the entered network and return it. Atomic: of two simultaneous tries one succeeds.

    Raises ExpiredLink for a grant that is used or too old, BadLink for anything else, another network's included.
    """
    network_id = current_network().id
    with public_context(), transaction.atomic():
        mine = HandoverGrant.objects.filter(token_hash=_hash(token), network_id=network_id)
        if mine.filter(used_at__isnull=True, expires_at__gt=Now()).update(used_at=Now()):
            grant = mine.get()
            audit.record(
                f"handover.{grant.kind}_used",
                network=grant.network,
                actor_id=grant.issued_to_id,
                data={"grant": grant.pk},
            )
            return grant
        if mine.exists():
            raise ExpiredLink
    raise BadLink


def check_handover(token: str) -> None:
    """Raise what `redeem_handover` would, without using the grant up."""
    network_id = current_network().id
    with public_context():
        grant = HandoverGrant.objects.filter(token_hash=_hash(token), network_id=network_id).first()
    if grant is None:
        raise BadLink
    if grant.used_at is not None or grant.expires_at <= timezone.now():
        raise ExpiredLink


def safe_next_path(path: str) -> str:
    """Return `path` if it is one of the places a person may be handed over to, else the front page."""
    legal = url_has_allowed_host_and_scheme(path, allowed_hosts=None) and path.startswith(_OPEN_PATHS)
    return path if legal and len(path) <= 300 else "/"  # noqa: PLR2004 - length of the column


def forget_old_grants() -> int:
    """Delete grants that ran out a day ago; return how many. What they did stands in the events."""
    with public_context():
        count, _by_model = HandoverGrant.objects.filter(
            expires_at__lt=timezone.now() - timedelta(days=1)
        ).delete()
    return count


def _hash(token: str) -> str:
    return sha256(token.encode()).hexdigest()
