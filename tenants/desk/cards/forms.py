"""The forms of a patient's card."""

from typing import Final

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from saas.accounts.models import Gender

_OFF: Final = {"autocomplete": "off"}


class PatientForm(forms.Form):
    """Who the patient is. Phones are checked by the action, which knows the country."""

    last_name = forms.CharField(label=_("Last name"), max_length=150, widget=forms.TextInput(attrs=_OFF))
    first_name = forms.CharField(label=_("First name"), max_length=150, widget=forms.TextInput(attrs=_OFF))
    middle_name = forms.CharField(
        label=_("Middle name"), max_length=150, required=False, widget=forms.TextInput(attrs=_OFF)
    )
    phone = forms.CharField(
        label=_("Phone"), max_length=40, widget=forms.TextInput(attrs={"type": "tel", **_OFF})
    )
    email = forms.EmailField(
        label=_("E-mail"), max_length=254, required=False, widget=forms.EmailInput(attrs=_OFF)
    )
    birth_date = forms.DateField(
        label=_("Date of birth"),
        required=False,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", **_OFF}),
    )


class CardForm(PatientForm):
    """What reception may change on a card."""

    gender = forms.ChoiceField(label=_("Gender"), choices=Gender.choices)
    language = forms.ChoiceField(
        label=_("Language of letters"), required=False, choices=[("", "—"), *settings.LANGUAGES]
    )
    alerts = forms.CharField(
        label=_("To be aware of"),
        max_length=300,
        required=False,
        help_text=_("Such as an allergy; shown at every visit."),
        widget=forms.TextInput(attrs=_OFF),
    )


class NoteForm(forms.Form):
    text = forms.CharField(
        label=_("New note"), max_length=4000, widget=forms.Textarea(attrs={"rows": 3, **_OFF})
    )


class FileForm(forms.Form):
    file = forms.FileField(label=_("File"))
