"""What the pages of group sessions send."""

import datetime as dt
from typing import Any, Final

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from saas.core.sorting import alphabetical
from tenants.booking.actions.groups import LARGEST_GROUP, MOST_SESSIONS, SMALLEST_GROUP
from tenants.clinics.models import Clinic
from tenants.doctors.models import Doctor
from tenants.services.models import Service

_OFF: Final = {"autocomplete": "off"}
_DAY_MINUTES: Final = 24 * 60


class SessionForm(forms.Form):
    """A session, or a series of them; date and time are on the clinic's clock."""

    service = forms.ModelChoiceField(label=_("Service"), queryset=Service.objects.none())
    doctor = forms.ModelChoiceField(label=_("Doctor"), queryset=Doctor.objects.none())
    clinic = forms.ModelChoiceField(label=_("Clinic"), queryset=Clinic.objects.none())
    date = forms.DateField(
        label=_("Day"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", **_OFF})
    )
    time = forms.TimeField(label=_("Begins at"), widget=forms.TimeInput(attrs={"type": "time", **_OFF}))
    capacity = forms.IntegerField(
        label=_("Seats"),
        min_value=SMALLEST_GROUP,
        max_value=LARGEST_GROUP,
        required=False,
        help_text=_("Empty: as many as the service has."),
    )
    minutes = forms.IntegerField(
        label=_("Length, minutes"),
        min_value=5,
        max_value=_DAY_MINUTES,
        required=False,
        help_text=_("Empty: as long as the service takes."),
    )
    count = forms.IntegerField(
        label=_("How many sessions"),
        min_value=1,
        max_value=MOST_SESSIONS,
        initial=1,
        help_text=_("More than one: all at the same hour of the same weekday."),
    )
    every_weeks = forms.TypedChoiceField(
        label=_("Repeated"),
        coerce=int,
        initial=1,
        choices=[
            (1, _("every week")),
            (2, _("every two weeks")),
            (3, _("every three weeks")),
            (4, _("every four weeks")),
        ],
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = {
            "service": group_services(),
            "doctor": Doctor.objects.filter(is_active=True)
            .select_related("user")
            .order_by(*alphabetical("user__last_name", "user__first_name", "pk")),
            "clinic": Clinic.objects.filter(is_active=True),
        }
        for name, queryset in rows.items():
            field = self.fields[name]
            if isinstance(field, forms.ModelChoiceField):
                field.queryset = queryset
                first = list(queryset[:2])
                if len(first) == 1:
                    field.initial = first[0].pk


def group_services() -> QuerySet[Service]:
    """Return the services on offer that are given to groups, by name."""
    return Service.objects.filter(is_active=True, group_capacity__gte=SMALLEST_GROUP).order_by(
        *alphabetical("name", "pk")
    )


class SeatForm(forms.Form):
    """Who gets a seat: a patient found, or a new one."""

    patient = forms.UUIDField(required=False, widget=forms.HiddenInput)
    last_name = forms.CharField(
        label=_("Last name"), max_length=150, required=False, widget=forms.TextInput(_OFF)
    )
    first_name = forms.CharField(
        label=_("First name"), max_length=150, required=False, widget=forms.TextInput(_OFF)
    )
    phone = forms.CharField(
        label=_("Phone"), max_length=40, required=False, widget=forms.TextInput({"type": "tel", **_OFF})
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not data.get("patient"):
            for name in ("last_name", "first_name", "phone"):
                if not data.get(name) and name not in self.errors:
                    self.add_error(name, self.fields[name].error_messages["required"])
        return data


class StepForm(forms.Form):
    """A step of a seat; `version` is the one that was seen."""

    version = forms.IntegerField(min_value=1, max_value=2**31 - 1)
    reason = forms.CharField(label=_("Reason"), max_length=300, required=False)


class MoveForm(forms.Form):
    """Where a seat goes."""

    session = forms.UUIDField(error_messages={"required": _("Choose a session.")})
    version = forms.IntegerField(min_value=1, max_value=2**31 - 1)


class ReasonForm(forms.Form):
    """Why a session does not take place; it goes to the patients."""

    reason = forms.CharField(
        label=_("Reason, for the patients"), max_length=300, required=False, widget=forms.TextInput(_OFF)
    )


class RoomForm(forms.Form):
    room = forms.IntegerField(min_value=1, max_value=2**31 - 1)
    leaves = forms.IntegerField(min_value=1, max_value=2**31 - 1)


def instants_left_out(values: list[str]) -> set[dt.datetime]:
    """Return the dates of a series that are to be left out, from what the page sends; nonsense is passed over."""
    found: set[dt.datetime] = set()
    for value in values[:MOST_SESSIONS]:
        try:
            at = dt.datetime.fromisoformat(value)
        except ValueError:
            continue
        if at.tzinfo is not None:
            found.add(at.astimezone(dt.UTC))
    return found
