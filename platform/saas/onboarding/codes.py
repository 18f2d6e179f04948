"""The six digits that prove an e-mail."""

import datetime as dt
import secrets
from typing import Final

from django.db import transaction
from django.utils.crypto import salted_hmac

from saas.onboarding.models import SignUp

CODE_LENGTH: Final = 6
CODE_LIFE: Final = dt.timedelta(minutes=10)


def issue_code(*, sign_up_id: int, now: dt.datetime) -> tuple[SignUp, str] | None:
    """Replace the code and return (sign-up, code), or None when no letter is due. Locks the row.

    Only the hash is stored; the code itself exists in this return value and in the letter.
    """
    with transaction.atomic():
        sign_up = SignUp.objects.select_for_update().filter(pk=sign_up_id).first()
        if sign_up is None or sign_up.verified_at or not sign_up.is_mail_due:
            return None
        code = f"{secrets.randbelow(10**CODE_LENGTH):0{CODE_LENGTH}d}"
        sign_up.code_hash = hash_code(sign_up_id, code)
        sign_up.code_expires_at = now + CODE_LIFE
        sign_up.guesses = 0
        sign_up.save(update_fields=["code_hash", "code_expires_at", "guesses"])
    return sign_up, code


def hash_code(sign_up_id: int, code: str) -> str:
    """Return what is stored of a code: keyed, and bound to its sign-up."""
    return salted_hmac("polyclinic.sign-up", f"{sign_up_id}:{code}", algorithm="sha256").hexdigest()
