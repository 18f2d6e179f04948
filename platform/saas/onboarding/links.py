"""Addresses of one sign-up's pages, and whose browser may go on with it.

The token names the sign-up and is signed; it opens nothing by itself. What leads into a network is bound to the
session that typed the form or the code.
"""

from datetime import timedelta
from typing import Final

from django.http import HttpRequest
from django.urls import reverse

from saas.networks.errors import BadLink
from saas.networks.signing import sign, unsign
from saas.onboarding.models import SignUp

_PURPOSE: Final = "sign-up"
_LIFE: Final = timedelta(days=2)
_SESSION_KEY: Final = "sign_ups"
_REMEMBERED: Final = 10


def token_of(sign_up: SignUp) -> str:
    return sign(sign_up.pk, purpose=_PURPOSE)


def code_path(sign_up: SignUp) -> str:
    return reverse("public:signup_code", args=[token_of(sign_up)])


def resend_path(sign_up: SignUp) -> str:
    return reverse("public:signup_resend", args=[token_of(sign_up)])


def address_path(sign_up: SignUp) -> str:
    return reverse("public:signup_address", args=[token_of(sign_up)])


def progress_path(sign_up: SignUp) -> str:
    return reverse("public:signup_progress", args=[token_of(sign_up)])


def sign_up_from(token: str) -> SignUp:
    """Return the sign-up that a token names. Raises BadLink, ExpiredLink."""
    number = unsign(token, purpose=_PURPOSE, max_age=_LIFE)
    sign_up = SignUp.objects.select_related("network", "user").filter(pk=number).first()
    if sign_up is None:
        raise BadLink
    return sign_up


def own_sign_up(request: HttpRequest, token: str) -> SignUp:
    """As `sign_up_from`, and only for the browser it belongs to. Raises BadLink for any other."""
    sign_up = sign_up_from(token)
    if not is_own(request, sign_up):
        raise BadLink
    return sign_up


def remember(request: HttpRequest, sign_up: SignUp) -> None:
    """Bind the sign-up to this browser's session."""
    known = [pk for pk in request.session.get(_SESSION_KEY, []) if pk != sign_up.pk]
    request.session[_SESSION_KEY] = [*known, sign_up.pk][-_REMEMBERED:]


def is_own(request: HttpRequest, sign_up: SignUp) -> bool:
    """Return whether this browser typed the sign-up's form or code."""
    return sign_up.pk in request.session.get(_SESSION_KEY, [])
