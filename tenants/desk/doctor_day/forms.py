"""The forms of a doctor's day."""

from django import forms
from django.utils.translation import gettext_lazy as _

_DATE = {"type": "date", "autocomplete": "off"}
_TIME = {"type": "time", "autocomplete": "off"}


class LeaveForm(forms.Form):
    """Time to be blocked. Local dates and times of the doctor's clinics."""

    start_date = forms.DateField(label=_("From, day"), widget=forms.DateInput(format="%Y-%m-%d", attrs=_DATE))
    end_date = forms.DateField(label=_("Until, day"), widget=forms.DateInput(format="%Y-%m-%d", attrs=_DATE))
    start_time = forms.TimeField(
        label=_("From, time"), required=False, widget=forms.TimeInput(format="%H:%M", attrs=_TIME)
    )
    end_time = forms.TimeField(
        label=_("Until, time"), required=False, widget=forms.TimeInput(format="%H:%M", attrs=_TIME)
    )
    reason = forms.CharField(
        label=_("Reason"),
        max_length=200,
        required=False,
        help_text=_("Colleagues see it; patients are told when their visit has to move."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class FinishForm(forms.Form):
    """How a visit ended."""

    visit_note = forms.CharField(
        label=_("Note on the visit"),
        max_length=20_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 6, "autocomplete": "off"}),
    )
    follow_up_on = forms.DateField(
        label=_("Next visit, about"),
        required=False,
        widget=forms.DateInput(format="%Y-%m-%d", attrs=_DATE),
    )
