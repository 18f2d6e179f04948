"""What an operator must say before acting on a network."""

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminEmailInputWidget, UnfoldAdminTextareaWidget


class ConfirmForm(forms.Form):
    """Nothing but the press of a button."""


class ReasonForm(forms.Form):
    """A reason that other people will read in the log."""

    reason = forms.CharField(
        label=_("Reason"),
        min_length=5,
        max_length=300,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text=_("Written to the log. The network's owner may read it. No personal or health data."),
    )


class StaffForm(ReasonForm):
    """Whom it is about. Asked for, not chosen from a list: the console shows nobody who works for a network."""

    email = forms.EmailField(
        label=_("E-mail"),
        widget=UnfoldAdminEmailInputWidget(attrs={"autocomplete": "off"}),
        help_text=_("With which they sign in to this network."),
    )
    field_order = ("email", "reason")
