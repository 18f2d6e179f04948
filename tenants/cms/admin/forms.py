"""Forms of the catalogue. They read what people wrote; rules live in the apps that own the models."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms import WagtailAdminModelForm

from saas.accounts.models import User
from saas.accounts.roles import Role
from saas.core.languages import language_choices
from saas.core.phones import normalise_phone
from tenants.booking.windows.calendars import calendar_choices, validate_calendar
from tenants.clinics.models import Clinic, Organisation
from tenants.clinics.selectors import organisation
from tenants.clinics.validators import validate_coordinates
from tenants.cms.admin.fields import DayHoursField, LinesField, time_zone_choices, unique_slug
from tenants.doctors.actions import save_doctor
from tenants.doctors.models import Doctor, Specialization, Weekday
from tenants.services.models import Service, ServiceCategory, ServiceOverride
from tenants.services.tree import category_tree, refuse_cycle

_Row = TypeVar("_Row", bound=Model)
DAYS = tuple(f"hours_{day}" for day in range(7))
CURRENCIES = ("RUB", "EUR", "USD", "GBP", "KZT", "BYN", "GEL", "AMD", "TRY", "CHF", "PLN")


class SluggedForm(WagtailAdminModelForm):
    """A form whose empty address is made from the name."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "slug" in self.fields:
            self.fields["slug"].required = False
            self.fields["slug"].help_text = _("Empty: made from the name.")

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean()
        if not data.get("slug") and "slug" not in self.errors and data.get("name"):
            data["slug"] = unique_slug(
                model=type(self.instance),
                text=data["name"],
                exclude_pk=self.instance.pk,
                length=self.instance._meta.get_field("slug").max_length,
            )
        return data


class ClinicForm(SluggedForm):
    """A clinic: opening hours by weekday and coordinates as two numbers."""

    time_zone = forms.ChoiceField(label=_("Time zone"), choices=time_zone_choices)
    holiday_country = forms.ChoiceField(
        label=_("Closed on the public holidays of"),
        choices=lambda: [("", _("(open on holidays)")), *calendar_choices()],
        required=False,
        help_text=_("Hours that are added by an exception are open all the same."),
    )
    holiday_region = forms.CharField(
        label=_("Region"),
        max_length=10,
        required=False,
        help_text=_("Code of a region with holidays of its own, such as BE for Berlin. Usually empty."),
    )
    latitude = forms.FloatField(label=_("Latitude"), required=False)
    longitude = forms.FloatField(label=_("Longitude"), required=False)
    hours_0 = DayHoursField(label=capfirst(Weekday.MONDAY.label))
    hours_1 = DayHoursField(label=capfirst(Weekday.TUESDAY.label))
    hours_2 = DayHoursField(label=capfirst(Weekday.WEDNESDAY.label))
    hours_3 = DayHoursField(label=capfirst(Weekday.THURSDAY.label))
    hours_4 = DayHoursField(label=capfirst(Weekday.FRIDAY.label))
    hours_5 = DayHoursField(label=capfirst(Weekday.SATURDAY.label))
    hours_6 = DayHoursField(label=capfirst(Weekday.SUNDAY.label))

    class Meta(WagtailAdminModelForm.Meta):
        model = Clinic
        exclude = ("working_hours", "coordinates", "holiday_calendar")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        clinic: Clinic = self.instance
        for day, name in enumerate(DAYS):
            self.fields[name].initial = clinic.working_hours.get(str(day), [])
        self.fields["hours_0"].help_text = _("For example 08:00–13:00, 14:00–20:00. Empty: closed.")
        country, _dash, region = clinic.holiday_calendar.partition("-")
        self.initial.update(holiday_country=country, holiday_region=region)
        if clinic.coordinates:
            self.fields["latitude"].initial = clinic.coordinates.get("lat")
            self.fields["longitude"].initial = clinic.coordinates.get("lon")

    def clean_phone(self) -> str:
        return normalise_phone(self.cleaned_data["phone"], region=organisation().country)

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        latitude, longitude = data.get("latitude"), data.get("longitude")
        self.instance.coordinates = None
        if latitude is not None or longitude is not None:
            if latitude is None or longitude is None:
                raise ValidationError(
                    _("Fill in both latitude and longitude, or neither."), code="half_coordinates"
                )
            self.instance.coordinates = {"lat": latitude, "lon": longitude}
            validate_coordinates(self.instance.coordinates)
        self.instance.holiday_calendar = self._holiday_calendar(data)
        self.instance.working_hours = {
            str(day): data[name] for day, name in enumerate(DAYS) if data.get(name)
        }
        return data

    def _holiday_calendar(self, data: dict[str, Any]) -> str:
        country, region = (
            data.get("holiday_country") or "",
            (data.get("holiday_region") or "").strip().upper(),
        )
        if not country:
            return ""
        calendar = f"{country}-{region}" if region else str(country)
        try:
            validate_calendar(calendar)
        except ValidationError as error:
            self.add_error("holiday_region", error)
        return calendar


class SpecializationForm(SluggedForm):
    class Meta(WagtailAdminModelForm.Meta):
        model = Specialization
        fields = "__all__"


class DoctorForm(WagtailAdminModelForm):
    """A doctor's card with the person's name; the user behind it is made and renamed by the action."""

    last_name = forms.CharField(label=_("Last name"), max_length=150)
    first_name = forms.CharField(label=_("First name"), max_length=150)
    middle_name = forms.CharField(label=_("Middle name"), max_length=150, required=False)
    main_specialization = forms.ModelChoiceField(
        label=_("Main specialization"), queryset=Specialization.objects.none(), required=False
    )
    specializations = forms.ModelMultipleChoiceField(
        label=_("Specializations"),
        queryset=Specialization.objects.none(),
        widget=forms.CheckboxSelectMultiple,
    )
    main_clinic = forms.ModelChoiceField(
        label=_("Main clinic"), queryset=Clinic.objects.none(), required=False
    )
    clinics = forms.ModelMultipleChoiceField(
        label=_("Clinics"), queryset=Clinic.objects.none(), widget=forms.CheckboxSelectMultiple
    )
    services = forms.ModelMultipleChoiceField(
        label=_("Services"),
        queryset=Service.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    account = forms.ModelChoiceField(
        label=_("Log-in account"),
        queryset=User.objects.none(),
        required=False,
        help_text=_("Somebody of the staff who signs in as a doctor and has no card yet."),
    )
    certificates = LinesField(label=_("Certificates"), required=False)
    languages = LinesField(label=_("Languages spoken"), required=False)

    class Meta(WagtailAdminModelForm.Meta):
        model = Doctor
        exclude = ("user",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        doctor: Doctor = self.instance
        self.fields["slug"].required = False
        self.fields["slug"].help_text = _("Empty: made from the name.")
        specializations, clinics = Specialization.objects.all(), Clinic.objects.all()
        self._choose_from("specializations", specializations)
        self._choose_from("main_specialization", specializations)
        self._choose_from("clinics", clinics)
        self._choose_from("main_clinic", clinics)
        self._choose_from("services", Service.objects.all())
        without_card = User.objects.filter(role=Role.DOCTOR, is_active=True, email__isnull=False, doctor=None)
        self._choose_from("account", without_card | User.objects.filter(doctor=doctor.pk or 0))
        if doctor.pk:
            self.initial.update(
                last_name=doctor.user.last_name,
                first_name=doctor.user.first_name,
                middle_name=doctor.user.middle_name,
                specializations=[link.specialization_id for link in doctor.specialization_links.all()],
                clinics=[link.clinic_id for link in doctor.clinic_links.all()],
                account=doctor.user_id,
                main_specialization=doctor.specialization,
                main_clinic=doctor.clinic,
                services=list(doctor.services.values_list("pk", flat=True)),
            )

    def _choose_from(self, name: str, rows: QuerySet[Any]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 - narrows the type of a declared field
        field.queryset = rows

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean()
        if not data.get("slug") and "slug" not in self.errors:
            # Left out of the instance's own checks: the action makes it.
            self.instance.slug = ""
        return data

    def _get_validation_exclusions(self) -> set[str]:
        exclusions: set[str] = super()._get_validation_exclusions()
        return exclusions | {"user"} | (set() if self.cleaned_data.get("slug") else {"slug"})

    def save(self, commit: bool = True) -> Doctor:  # noqa: FBT001, FBT002 - Django's signature
        data = self.cleaned_data
        doctor = save_doctor(
            doctor=self.instance,
            last_name=data["last_name"],
            first_name=data["first_name"],
            middle_name=data["middle_name"],
            specializations=_main_first(data["specializations"], data["main_specialization"]),
            clinics=_main_first(data["clinics"], data["main_clinic"]),
            account=data["account"],
        )
        doctor.services.set(data["services"])
        return doctor


def _main_first(chosen: Iterable[_Row], main: _Row | None) -> list[_Row]:
    rows = list(chosen)
    return sorted(rows, key=lambda row: row != main) if main in rows else rows


class CategoryForm(SluggedForm):
    """A category; the parent is chosen from the tree."""

    class Meta(WagtailAdminModelForm.Meta):
        model = ServiceCategory
        fields = "__all__"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        show_tree(self.fields["parent"], empty=_("(top of the price list)"))

    def clean_parent(self) -> ServiceCategory | None:
        parent: ServiceCategory | None = self.cleaned_data["parent"]
        refuse_cycle(category_id=self.instance.pk, parent_id=parent.pk if parent else None)
        return parent


class ServiceForm(SluggedForm):
    class Meta(WagtailAdminModelForm.Meta):
        model = Service
        fields = "__all__"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        show_tree(self.fields["category"], empty="---------")
        self.fields["price"].help_text = organisation().currency


class OverrideForm(WagtailAdminModelForm):
    class Meta(WagtailAdminModelForm.Meta):
        model = ServiceOverride
        fields = "__all__"

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean()
        if not self.errors and data.get("price") is None and data.get("duration_minutes") is None:
            raise ValidationError(_("Fill in a price, a length, or both."), code="nothing_special")
        if data.get("valid_from") and data.get("valid_until") and data["valid_until"] < data["valid_from"]:
            self.add_error("valid_until", _("The last day is before the first one."))
        return data


class OrganisationForm(WagtailAdminModelForm):
    """The network's profile."""

    language = forms.ChoiceField(label=_("Main language"), choices=language_choices)
    currency = forms.ChoiceField(label=_("Currency"), choices=[(code, code) for code in CURRENCIES])

    class Meta(WagtailAdminModelForm.Meta):
        model = Organisation
        exclude = ("went_live_at",)
        widgets = {"brand_colour": forms.TextInput(attrs={"type": "color"})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        current = self.instance.currency
        if current not in CURRENCIES:
            field = self.fields["currency"]
            assert isinstance(field, forms.ChoiceField)  # noqa: S101 - narrows the type of a declared field
            field.choices = [(current, current), *[(code, code) for code in CURRENCIES]]

    def clean_country(self) -> str:
        return str(self.cleaned_data["country"]).upper()

    def clean_phone(self) -> str:
        phone = self.cleaned_data["phone"]
        return (
            normalise_phone(phone, region=self.data.get("country") or organisation().country) if phone else ""
        )


def show_tree(field: forms.Field, *, empty: str | Promise) -> None:
    """Make a category field offer the tree, each level set off by dashes."""
    choices = [("", empty)]
    choices += [
        (str(branch.category.pk), f"{'— ' * branch.depth}{branch.category.name}")
        for branch in category_tree()
    ]
    field.widget = forms.Select(choices=choices, attrs=field.widget.attrs)
