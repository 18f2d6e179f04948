"""The forms of the sign-up. They clean and judge input; what it leads to is in `actions`."""

from typing import Any
from uuid import uuid4

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.urls import reverse_lazy
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from saas.accounts.models import User
from saas.billing.selectors import TRIAL, is_plan_on_sale
from saas.core.languages import language_choices
from saas.core.places import country_choices, currency_choices, guess_country, time_zone_choices
from saas.onboarding.actions import Wishes
from saas.onboarding.addresses import check_address
from saas.onboarding.codes import CODE_LENGTH


class AddressForm(forms.Form):
    """One field: the subdomain. After cleaning, `suggestions` holds free ones if the wanted one cannot be had."""

    address = forms.CharField(
        label=_("Address of your site"),
        max_length=80,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "off",
                "autocapitalize": "none",
                "spellcheck": "false",
                "hx-get": reverse_lazy("public:address_check"),
                "hx-trigger": "input changed delay:300ms",
                "hx-target": "#address-hint",
                "hx-include": "[name=clinic_name]",
                "hx-sync": "this:replace",
            }
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.suggestions: list[str] = []

    def clean_address(self) -> str:
        name = self.cleaned_data.get("clinic_name") or self.data.get("clinic_name", "")
        verdict = check_address(self.cleaned_data["address"], clinic_name=name)
        if verdict.state != "free":
            self.suggestions = verdict.suggestions
            raise ValidationError(verdict.message, code=verdict.state)
        return verdict.slug


class NetworkForm(AddressForm):
    """A network as an owner who is already known describes it."""

    clinic_name = forms.CharField(
        label=_("Name of the clinic"),
        max_length=200,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "organization",
                "hx-get": reverse_lazy("public:address_check"),
                "hx-trigger": "input changed delay:500ms",
                "hx-target": "#address-hint",
                "hx-include": "[name=address]",
                "hx-sync": "this:replace",
            }
        ),
    )
    country = forms.ChoiceField(label=_("Country"))
    time_zone = forms.ChoiceField(label=_("Time zone"))
    currency = forms.ChoiceField(label=_("Currency"))
    language = forms.ChoiceField(label=_("Language of the site"), choices=language_choices)
    plan = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)
    request_key = forms.UUIDField(widget=forms.HiddenInput)
    consent = forms.BooleanField(
        label=_("I agree to the terms of use and to the processing of these data for running the account."),
        error_messages={"required": _("Please agree: without this we may not open an account.")},
    )
    field_order: tuple[str, ...] = ("clinic_name", "address")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._choices("country", country_choices())
        self._choices("currency", currency_choices())
        self._choices("time_zone", time_zone_choices(timezone.now()))

    def clean_clinic_name(self) -> str:
        name = " ".join(self.cleaned_data["clinic_name"].split())
        if not any(character.isalpha() for character in name):
            raise ValidationError(_("Please write the clinic's name in letters."), code="invalid")
        return name

    def clean_plan(self) -> str:
        """An unknown plan is no reason to stop a sign-up: everybody begins with the trial."""
        plan: str = self.cleaned_data["plan"]
        return plan if plan and is_plan_on_sale(plan) else TRIAL

    def wishes(self) -> Wishes:
        """Return what was asked for. Only after `is_valid()`."""
        data = self.cleaned_data
        return Wishes(
            clinic_name=data["clinic_name"],
            slug=data["address"],
            country=data["country"],
            time_zone=data["time_zone"],
            currency=data["currency"],
            language=data["language"],
            plan_code=data["plan"],
        )

    def _choices(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        if isinstance(field, forms.ChoiceField):
            field.choices = choices


class SignUpForm(NetworkForm):
    """A network and its owner."""

    email = forms.EmailField(
        label=_("Your e-mail"),
        help_text=_("We send a code to it. You sign in with it later."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    password = forms.CharField(
        label=_("Password"),
        max_length=256,
        strip=False,
        help_text=_("At least 12 characters. Three or four unrelated words are good."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}, render_value=False),
    )
    field_order = ("clinic_name", "address", "email", "password")

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        return email.lower()

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if data.get("password"):
            try:
                validate_password(data["password"], User(email=data.get("email")))
            except ValidationError as error:
                self.add_error("password", error)
        return data


class CodeForm(forms.Form):
    """The six digits from the letter; spaces and hyphens do not matter."""

    code = forms.CharField(
        label=_("Code from the letter"),
        max_length=20,
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "class": "form-control-code"}
        ),
    )

    def clean_code(self) -> str:
        digits = "".join(character for character in self.cleaned_data["code"] if character.isdigit())
        if len(digits) != CODE_LENGTH or not digits.isascii():
            raise ValidationError(_("The code has six digits."), code="invalid")
        return digits


def first_guess(*, address: str, plan: str, language: str, accept_language: str) -> dict[str, object]:
    """Return initial values of a new form: place, money and language as the browser suggests."""
    country = guess_country(language=language, accept_language=accept_language)
    return {
        "address": address[:80],
        "plan": plan[:40],
        "language": language,
        "country": country.code,
        "time_zone": country.time_zone,
        "currency": country.currency,
        "request_key": uuid4(),
    }
