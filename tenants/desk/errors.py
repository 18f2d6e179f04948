"""What the desk refuses."""

from django.utils.translation import gettext_lazy as _

from saas.core.errors import Refused


class NotBookable(Refused):
    code = "not_bookable"
    message = _("A patient would find no free time yet. See below what is missing.")
