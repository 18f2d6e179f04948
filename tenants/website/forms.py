"""The patient's details."""

import datetime as dt
from typing import Any, Final

from django import forms
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from saas.core.phones import example_phone, normalise_phone
from tenants.patients.models import Patient

_NAME_LENGTH = 150
_LONGEST_WAIT: Final = dt.timedelta(days=365)


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


class PartOfDay(TextChoices):
    """When on a day somebody can come, on the clinic's clock."""

    ANY = "", _("any time")
    MORNING = "morning", _("before noon")
    AFTERNOON = "afternoon", _("from noon to five")
    EVENING = "evening", _("after five")


_HOURS: Final[dict[str, tuple[dt.time | None, dt.time | None]]] = {
    PartOfDay.ANY: (None, None),
    PartOfDay.MORNING: (None, dt.time(11, 59)),
    PartOfDay.AFTERNOON: (dt.time(12), dt.time(16, 59)),
    PartOfDay.EVENING: (dt.time(17), None),
}


class EarlierForm(forms.Form):
    """Which earlier time would do."""

    part = forms.ChoiceField(label=_("Time of day"), choices=PartOfDay.choices, required=False)
    any_doctor = forms.BooleanField(label=_("Any doctor who gives this service will do"), required=False)

    @property
    def hours(self) -> tuple[dt.time | None, dt.time | None]:
        """Not before and not after, on the clinic's clock; None where it does not matter."""
        return _HOURS[self.cleaned_data["part"]]


class WaitForm(ContactForm, EarlierForm):
    """Who waits, and from which day until which, both included."""

    earliest = forms.DateField(
        label=_("From"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    latest = forms.DateField(
        label=_("Until"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    def __init__(self, *args: Any, region: str, today: dt.date, **kwargs: Any) -> None:
        super().__init__(*args, region=region, **kwargs)
        self._today = today

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        earliest, latest = cleaned.get("earliest"), cleaned.get("latest")
        if latest is not None and latest < self._today:
            self.add_error("latest", forms.ValidationError(_("This day has passed."), code="past"))
        elif earliest is not None and latest is not None and latest < earliest:
            self.add_error(
                "latest", forms.ValidationError(_("The last day comes before the first."), code="order")
            )
        elif latest is not None and latest > self._today + _LONGEST_WAIT:
            self.add_error("latest", forms.ValidationError(_("Choose a day within a year."), code="far"))
        return cleaned


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
