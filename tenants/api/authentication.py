"""Who asks: a program with a token of this network, or a person signed in on this host."""

from django.contrib.auth.models import AnonymousUser
from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, SessionAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from saas.accounts.models import User
from tenants.api.models import ApiToken
from tenants.api.tokens import find_token
from tenants.audit.actions import Actor, actor_of

_BEARER = b"bearer"


class ApiTokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer <token>`. The token is `request.auth`; there is no user behind it."""

    def authenticate(self, request: Request) -> tuple[AnonymousUser, ApiToken] | None:
        parts = get_authorization_header(request).split()
        if not parts or parts[0].lower() != _BEARER:
            return None
        if len(parts) != 2:  # noqa: PLR2004 - scheme and token
            raise AuthenticationFailed
        token = find_token(parts[1].decode("latin-1"), now=timezone.now())
        if token is None:
            raise AuthenticationFailed
        return AnonymousUser(), token

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'


class EnforcedSessionAuthentication(SessionAuthentication):
    """Session log-in with CSRF always enforced."""


def token_of(request: Request) -> ApiToken | None:
    """Return the token that this request carries, or None."""
    return request.auth if isinstance(request.auth, ApiToken) else None


def user_of(request: Request) -> User | None:
    """Return who is signed in, or None for guests and tokens."""
    return request.user if request.user.is_authenticated else None


def api_actor(request: Request) -> Actor:
    """Return who acts, for the audit log."""
    token = token_of(request)
    return Actor(kind="token", user_id=token.created_by_id) if token else actor_of(request._request)  # noqa: SLF001 - the session is on Django's request


def caller_key(request: Request) -> str:
    """Return a short stable name of the caller, under which limits and repeatable requests are kept."""
    token = token_of(request)
    if token is not None:
        return f"token:{token.pk}"
    user = user_of(request)
    return f"user:{user.pk}" if user else "guest"


class _TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call] # drf-spectacular is half typed
    target_class = "tenants.api.authentication.ApiTokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "A token that a manager of the network made.",
        }


class _SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call] # drf-spectacular is half typed
    target_class = "tenants.api.authentication.EnforcedSessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {
            "type": "apiKey",
            "in": "cookie",
            "name": "sessionid",
            "description": "A person signed in on the network's host. Writing needs the X-CSRFToken header.",
        }
