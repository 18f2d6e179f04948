"""What allauth asks the project: where people land, what a new account is, who signs its letters."""

from email.utils import formataddr, parseaddr
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.http import HttpRequest
from django.utils import translation

from saas.accounts.models import User
from saas.accounts.roles import Role


class AccountAdapter(DefaultAccountAdapter):
    """The same log-in pages serve the public site (owners, operators) and every network (staff, patients)."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Patients may open an account on a network's site; owners sign up through the public site's own form."""
        return getattr(request, "network", None) is not None

    def new_user(self, request: HttpRequest) -> User:
        user: User = super().new_user(request)
        user.role = Role.PATIENT
        user.language = translation.get_language() or ""
        return user

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        return landing_path(request)

    def get_from_email(self) -> str:
        """The platform's address under the name of whoever the letter is about."""
        return formataddr((self._name(), parseaddr(settings.DEFAULT_FROM_EMAIL)[1]))

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Give the letters what their frame needs."""
        frame = {
            "network_name": self._name(),
            "site_url": self.request.build_absolute_uri("/"),
            "language": translation.get_language() or settings.LANGUAGE_CODE,
        }
        super().send_mail(template_prefix, email, {**frame, **context})

    def _name(self) -> str:
        network = getattr(self.request, "network", None)
        return str(network.name if network else settings.PLATFORM_NAME)

    def get_signup_redirect_url(self, request: HttpRequest) -> str:
        return landing_path(request)


class MfaAdapter(DefaultMFAAdapter):
    """Names the account in authenticator apps by the host, so that two networks are told apart."""

    def get_totp_issuer(self) -> str:
        network = getattr(self.request, "network", None)
        return str(network.name if network else settings.PLATFORM_NAME)

    def get_totp_label(self, user: User) -> str:
        return str(user.email)


def landing_path(request: HttpRequest) -> str:
    """Return where a person belongs after signing in, on the host they are on."""
    user = request.user
    if getattr(request, "network", None) is None:
        return "/console/" if user.is_staff else "/networks/"
    return "/desk/" if getattr(user, "works_here", False) else "/my/"
