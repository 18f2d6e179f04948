"""The forms of the front office."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from tenants.desk.cards.forms import PatientForm


class BookForm(PatientForm):
    """A time and a patient: one who was picked, or a new one."""

    patient = forms.UUIDField(required=False, widget=forms.HiddenInput)
    slot = forms.CharField(max_length=60, required=False)
    notes = forms.CharField(
        label=_("Note"),
        max_length=2000,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    overbook_reason = forms.CharField(label=_("Why on top"), max_length=300, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.data.get("patient"):  # a known patient needs no name
            for name in ("last_name", "first_name", "phone"):
                self.fields[name].required = False
