"""What can go wrong while somebody signs up."""

from django.utils.translation import gettext_lazy as _

from saas.core.errors import Conflict, Gone, Refused, TooMany


class WrongCode(Refused):
    """`params["left"]` says how many guesses remain."""

    code = "wrong_code"
    message = _("This code is not right. Please compare it with the letter.")


class CodeExpired(Gone):
    code = "code_expired"
    message = _("This code is too old. Ask for a new one; your details are kept.")


class TooManyGuesses(TooMany):
    code = "too_many_guesses"
    message = _("Too many wrong codes. Ask for a new one; your details are kept.")


class ResendTooSoon(TooMany):
    """`params["retry_after"]` is in seconds; zero means that no more letters are sent for this sign-up."""

    code = "resend_too_soon"
    message = _("A letter was sent a moment ago. Please wait a minute before you ask for another.")


class TooManyLetters(TooMany):
    code = "too_many_letters"
    message = _(
        "We have sent several letters already. Please check the spam folder, or start again with another e-mail."
    )


class NotConfirmed(Conflict):
    code = "not_confirmed"
    message = _("Please confirm your e-mail first.")
