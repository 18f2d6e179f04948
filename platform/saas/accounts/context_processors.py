from typing import Any

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from saas.accounts.middleware import OPERATOR_SESSION_KEY


def notices(request: HttpRequest) -> dict[str, Any]:
    """What stands above a page: an operator's visit, and a second factor that is due but not forced here."""
    user = getattr(request, "user", None)
    session = getattr(request, "session", None)
    is_visit = session is not None and OPERATOR_SESSION_KEY in session
    return {
        "is_operator_visit": is_visit,
        "offers_second_factor": SimpleLazyObject(
            lambda: bool(
                not settings.MFA_REQUIRED
                and not is_visit
                and user is not None
                and user.is_authenticated
                and user.needs_mfa
                and not is_mfa_enabled(user)
            )
        ),
    }
