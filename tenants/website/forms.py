"""The patient's details."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from saas.core.phones import example_phone, normalise_phone
from tenants.patients.models import Patient

_NAME_LENGTH = 150


class ContactForm(forms.Form):
    """Who comes and how to reach them. The cleaned phone is in E.164; consent is asked for, never assumed."""

    last_name = forms.CharField(
        label=_("Last name"),
        max_length=_NAME_LENGTH,
        widget=forms.TextInput(attrs={"autocomplete": "family-name"}),
    )
    first_name = forms.CharField(
        label=_("First name"),
        max_length=_NAME_LENGTH,
        widget=forms.TextInput(attrs={"autocomplete": "given-name"}),
    )
    phone = forms.CharField(
        label=_("Phone"),
        max_length=40,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel", "inputmode": "tel"}),
    )
    email = forms.EmailField(
        label=_("E-mail"),
        required=False,
        max_length=254,
        help_text=_(
            "Recommended: the confirmation, a calendar file and the link to move or cancel come here."
        ),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    consent = forms.BooleanField(
        label=_("I agree that the clinic processes these details to arrange my visit."),
        error_messages={
            "required": _("Without your consent we may not store your details, so we cannot book.")
        },
    )
    website = forms.CharField(
        required=False,
        label=_("Leave this empty"),
        widget=forms.TextInput(attrs={"tabindex": "-1", "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, region: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.region = region
        self.fields["phone"].help_text = _("Any spelling will do, for example %(example)s") % {
            "example": example_phone(region)
        }

    def clean_last_name(self) -> str:
        return " ".join(str(self.cleaned_data["last_name"]).split())

    def clean_first_name(self) -> str:
        return " ".join(str(self.cleaned_data["first_name"]).split())

    def clean_phone(self) -> str:
        return normalise_phone(str(self.cleaned_data["phone"]), region=self.region)

    @property
    def is_from_a_robot(self) -> bool:
        """Whether the field that people cannot see was filled in."""
        return bool(self.data.get("website"))

    @property
    def typed(self) -> list[tuple[str, str]]:
        """What was typed, by field name, to be carried on in hidden fields; never in an address."""
        return [
            (name, str(self.data.get(name, "")))
            for name in ("last_name", "first_name", "phone", "email", "consent")
        ]


def details_of(patient: Patient | None) -> dict[str, str]:
    """The initial values for somebody who is signed in."""
    if patient is None:
        return {}
    return {
        "last_name": patient.last_name,
        "first_name": patient.first_name,
        "phone": patient.phone,
        "email": patient.email,
    }
