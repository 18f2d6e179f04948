"""What the desk refuses."""

from django.utils.translation import gettext_lazy as _

from saas.core.errors import Forbidden, Refused


class NotBookable(Refused):
    code = "not_bookable"
    message = _("A patient would find no free time yet. See below what is missing.")


class NoDoctorCard(Forbidden):
    """Somebody signs in as a doctor, but no doctor's card belongs to the account."""

    code = "no_doctor_card"
    message = _(
        "Your account has no doctor's card yet. Ask a manager to open your card under “Doctors” in the back office"
        " and to choose this account as its log-in; your day, your visits and your calendar are here then."
    )


class OnlyForDoctors(Forbidden):
    code = "only_for_doctors"
    message = _("This page is a doctor's own day. The day of all doctors is on the calendar of the desk.")
