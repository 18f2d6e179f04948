"""The forms of the set-up checklist: few fields, sensible defaults."""

from decimal import Decimal
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from saas.core.phones import normalise_phone
from saas.core.places import time_zone_choices
from tenants.clinics.models import Clinic
from tenants.clinics.selectors import organisation
from tenants.desk.selectors import home_time_zone
from tenants.doctors.models import Doctor, Specialization, Weekday

_LENGTHS: Final = (10, 15, 20, 30, 40, 45, 60, 90, 120)
_USUAL_LENGTH: Final = 30
_WORKDAYS: Final = [0, 1, 2, 3, 4]
_NAME = forms.TextInput(attrs={"autocomplete": "off"})


class ClinicForm(forms.Form):
    name = forms.CharField(label=_("Name of the clinic"), max_length=200)
    city = forms.CharField(label=_("City"), max_length=100)
    address = forms.CharField(label=_("Street and house"), max_length=300)
    phone = forms.CharField(
        label=_("Phone for patients"),
        max_length=40,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
    )
    time_zone = forms.ChoiceField(label=_("Time zone"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zone = home_time_zone()
        choices = time_zone_choices(timezone.now())
        if zone not in dict(choices):
            choices = [(zone, zone), *choices]
        field = self.fields["time_zone"]
        if isinstance(field, forms.ChoiceField):
            field.choices = choices
        field.initial = zone
        if not Clinic.objects.exists():
            self.fields["name"].initial = organisation().name

    def clean_phone(self) -> str:
        return normalise_phone(self.cleaned_data["phone"], region=organisation().country)


class DoctorForm(forms.Form):
    last_name = forms.CharField(label=_("Last name"), max_length=150, widget=_NAME)
    first_name = forms.CharField(label=_("First name"), max_length=150, widget=_NAME)
    middle_name = forms.CharField(label=_("Middle name"), max_length=150, required=False, widget=_NAME)
    specialization = forms.CharField(
        label=_("Specialization"),
        max_length=100,
        help_text=_("Such as cardiology, dentistry, paediatrics."),
        widget=forms.TextInput(attrs={"list": "specializations", "autocomplete": "off"}),
    )
    clinics = forms.ModelMultipleChoiceField(
        label=_("Works in"), queryset=Clinic.objects.none(), widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _offer(self, "clinics", Clinic.objects.filter(is_active=True))

    @property
    def known_specializations(self) -> list[str]:
        return list(Specialization.objects.values_list("name", flat=True))


class ServiceForm(forms.Form):
    name = forms.CharField(label=_("Name of the service"), max_length=200, initial=_("Consultation"))
    price = forms.DecimalField(label=_("Price"), max_digits=10, decimal_places=2, min_value=Decimal(0))
    duration_minutes = forms.TypedChoiceField(
        label=_("Length, minutes"),
        coerce=int,
        choices=[(minutes, str(minutes)) for minutes in _LENGTHS],
        initial=_USUAL_LENGTH,
    )
    doctors = forms.ModelMultipleChoiceField(
        label=_("Given by"), queryset=Doctor.objects.none(), widget=forms.CheckboxSelectMultiple
    )
    clinics = forms.ModelMultipleChoiceField(
        label=_("Offered in"), queryset=Clinic.objects.none(), widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["price"].label = _("Price, %(currency)s") % {"currency": organisation().currency}
        _offer(self, "doctors", Doctor.objects.filter(is_active=True).select_related("user"))
        _offer(self, "clinics", Clinic.objects.filter(is_active=True))


class HoursForm(forms.Form):
    doctor = forms.ModelChoiceField(label=_("Doctor"), queryset=Doctor.objects.none(), empty_label=None)
    clinic = forms.ModelChoiceField(label=_("Clinic"), queryset=Clinic.objects.none(), empty_label=None)
    days = forms.TypedMultipleChoiceField(
        label=_("Days"),
        coerce=int,
        choices=Weekday.choices,
        initial=_WORKDAYS,
        widget=forms.CheckboxSelectMultiple,
    )
    start_time = forms.TimeField(
        label=pgettext_lazy("working hours", "From"),
        initial="09:00",
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )
    end_time = forms.TimeField(
        label=pgettext_lazy("working hours", "Until"),
        initial="18:00",
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        doctors = Doctor.objects.filter(is_active=True).select_related("user")
        _offer(self, "doctor", doctors)
        without_hours = doctors.filter(schedules=None).first()
        if without_hours is not None:
            self.fields["doctor"].initial = without_hours.pk
        _offer(self, "clinic", Clinic.objects.filter(is_active=True))

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        start, end = data.get("start_time"), data.get("end_time")
        if start and end and end <= start:
            self.add_error(
                "end_time", ValidationError(_("The day must end after it begins."), code="ends_early")
            )
        doctor, clinic = data.get("doctor"), data.get("clinic")
        if doctor and clinic and not doctor.clinic_links.filter(clinic=clinic).exists():
            message = _("%(doctor)s does not work in “%(clinic)s”.") % {"doctor": doctor, "clinic": clinic}
            self.add_error("clinic", ValidationError(message, code="not_working_there"))
        return data


def _offer(form: forms.Form, name: str, rows: QuerySet[Any]) -> None:
    """Let a field choose among rows: all ticked at first; where there is just one, there is nothing to ask."""
    field = form.fields[name]
    if not isinstance(field, forms.ModelChoiceField):
        raise TypeError(name)
    field.queryset = rows
    found = list(rows[:2])
    if isinstance(field, forms.ModelMultipleChoiceField):
        field.initial = [row.pk for row in rows]
        if len(found) == 1:
            field.widget = forms.MultipleHiddenInput()
    elif len(found) == 1:
        field.initial = found[0].pk
        field.widget = forms.HiddenInput()
