"""Errors of the domain: what a rule refuses, in words a person can act on.

The API layer maps each class to one HTTP status and one JSON shape; views turn them into messages.
Programming errors are not DomainErrors: they crash, are logged and answered with a plain 500 page.
"""

from typing import Any, ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class DomainError(Exception):
    """A rule refused. `code` is stable and machine-readable, `message` is shown to people, `params` are facts."""

    status: ClassVar[int] = 400
    code: str = "error"
    message: str | Promise = _("This cannot be done.")

    def __init__(
        self,
        message: str | Promise | None = None,
        *,
        code: str | None = None,
        params: dict[str, Any] | None = None,
    ) -> None:
        if code is not None:
            self.code = code
        if message is not None:
            self.message = message
        self.params: dict[str, Any] = params or {}
        super().__init__(self.code)

    def __str__(self) -> str:
        return str(self.message)


class NotFound(DomainError):
    """What was named does not exist here, or the asker may not know that it does."""

    status = 404
    code = "not_found"
    message = _("We could not find that.")


class Conflict(DomainError):
    """The state changed under the asker: somebody was faster."""

    status = 409
    code = "conflict"
    message = _("Somebody changed this in the meantime. Please look again.")


class Refused(DomainError):
    """A rule of the clinic forbids it, however well-formed the request is."""

    status = 422
    code = "refused"
    message = _("The clinic's rules do not allow this.")


class Forbidden(DomainError):
    """The asker is known and may not."""

    status = 403
    code = "forbidden"
    message = _("You are not allowed to do this.")


class Gone(DomainError):
    """It existed and is over: an expired link, a closed network."""

    status = 410
    code = "gone"
    message = _("This is no longer available.")


class TooMany(DomainError):
    """A limit was reached. `params["retry_after"]` is in seconds."""

    status = 429
    code = "too_many_requests"
    message = _("Too many attempts. Please wait a little and try again.")


class Unavailable(DomainError):
    """Something we depend on does not answer; trying again later can help."""

    status = 503
    code = "unavailable"
    message = _("This is not available at the moment. Please try again in a minute.")
