"""What can go wrong with a network, in words for people."""

from django.utils.translation import gettext_lazy as _

from saas.core.errors import Conflict, DomainError, Gone, NotFound, Refused


class SubdomainRefused(Refused):
    """The wanted address cannot be used; `code` says why (`subdomain_taken`, `_reserved`, `_invalid`, ...)."""

    code = "subdomain_invalid"


class TransitionRefused(Conflict):
    code = "transition_refused"
    message = _("The network cannot go from “%(current)s” to “%(wanted)s”.")


class ProvisioningFailed(DomainError):
    status = 503
    code = "provisioning_failed"
    message = _("The network could not be prepared. It can be tried again; nothing is left half done.")


class NetworkNotFound(NotFound):
    code = "network_not_found"
    message = _("There is no such network.")


class BadLink(NotFound):
    """Tampered with, cut short, made for another purpose or by another network: all look the same to the asker."""

    code = "bad_link"
    message = _("This link is not valid. Please open it from the message again, in full.")


class ExpiredLink(Gone):
    code = "expired_link"
    message = _("This link has expired. Please ask for a new one.")
