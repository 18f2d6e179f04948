"""What is wrong with an import as a whole."""

from django.utils.translation import gettext_lazy as _

from saas.core.errors import Conflict, Refused


class UnreadableFile(Refused):
    """The file as a whole cannot be used."""

    code = "unreadable_file"
    message = _("This file cannot be read as a table.")


class NotNow(Conflict):
    """The import is not in a state in which this can be done: somebody was faster, or it is over."""

    code = "import_not_now"
    message = _("This import is already under way or over.")
