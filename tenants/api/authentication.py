"""Who asks: a program with a token of this network, or a person signed in on this host."""

from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.request import Request


class EnforcedSessionAuthentication(SessionAuthentication):
    """Session log-in with CSRF always enforced."""


class ApiTokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer <token>`."""

    def authenticate(self, request: Request) -> None:
        return None
