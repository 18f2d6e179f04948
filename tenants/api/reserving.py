"""Whose hold is whose: a person's, a token's, or that of a guest who has nothing but its id."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID, uuid4

from django.utils.crypto import salted_hmac
from rest_framework.request import Request

from saas.core.proxies import client_address
from tenants.api.authentication import token_of, user_of
from tenants.booking.actions.holding import MOST_OF_ORIGIN
from tenants.booking.models import Hold
from tenants.booking.reservation_errors import HoldNotFound

MOST_OF_TOKEN: Final = 200
"""How many times one program holds at once: it may serve many people."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Under which key a new hold is kept, and how many its origin may have at once."""

    key: str
    origin: str
    most: int


def new_holder(request: Request) -> Holder:
    """Return who holds: a person has one hold at a time, guests and programs one for each request."""
    token = token_of(request)
    if token is not None:
        return Holder(f"token:{token.pk}:{uuid4().hex}", f"token:{token.pk}", MOST_OF_TOKEN)
    address = client_address(request._request)  # noqa: SLF001 - headers of Django's request
    origin = salted_hmac("api-hold", address).hexdigest()[:16]
    user = user_of(request)
    key = f"user:{user.pk}" if user else f"guest:{uuid4().hex}"
    return Holder(key, origin, MOST_OF_ORIGIN)


def hold_of(request: Request, public_id: UUID) -> Hold:
    """Return the caller's hold. A guest's is of whoever knows its id. Raises HoldNotFound, also for others'."""
    token, user = token_of(request), user_of(request)
    prefix = f"token:{token.pk}:" if token else f"user:{user.pk}@" if user else "guest:"
    hold = Hold.objects.filter(public_id=public_id, holder__startswith=prefix).first()
    if hold is None:
        raise HoldNotFound
    return hold


def key_of(hold: Hold) -> str:
    """Return the holder's key, as the actions on holds take it."""
    return hold.holder.partition("@")[0]
