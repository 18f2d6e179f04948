"""What the calendar's script and panels send."""

import datetime as dt
from typing import Any, Final

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from tenants.services.offers import Offer

MAX_MINUTES: Final = 24 * 60
_LOCAL_FORMATS: Final = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]


class LocalTimeField(forms.DateTimeField):
    """A wall-clock time of the clinic; cleans to a naive datetime."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(input_formats=_LOCAL_FORMATS, **kwargs)

    def to_python(self, value: object) -> dt.datetime | None:
        if value in self.empty_values:
            return None
        for pattern in _LOCAL_FORMATS:
            try:
                return dt.datetime.strptime(str(value).strip(), pattern)  # noqa: DTZ007 - the clinic's zone is applied by `instant_of`
            except ValueError:
                continue
        raise forms.ValidationError(_("Write the time as YYYY-MM-DDTHH:MM."), code="invalid")


class MoveForm(forms.Form):
    """Where a visit goes. Without `doctor` it stays with its own, without `minutes` it keeps its length.

    `room` is a room or device that it takes, at its own time unless `start` says another, and `leaves` the one that
    it has for that now.
    """

    start = LocalTimeField(required=False)
    minutes = forms.IntegerField(min_value=5, max_value=MAX_MINUTES, required=False)
    doctor = forms.IntegerField(min_value=1, max_value=2**31 - 1, required=False)
    room = forms.IntegerField(min_value=1, max_value=2**31 - 1, required=False)
    leaves = forms.IntegerField(min_value=1, max_value=2**31 - 1, required=False)
    version = forms.IntegerField(min_value=1, max_value=2**31 - 1)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not self.errors and data["start"] is None and data["room"] is None:
            self.add_error("start", _("Say when, or in which room."))
        return data


class BlockForm(forms.Form):
    """Time that is closed for visits: of a doctor, or of a room or device, whose resource it names."""

    start = LocalTimeField(label=_("From"))
    end = LocalTimeField(label=_("Until"))
    doctor = forms.IntegerField(min_value=1, max_value=2**31 - 1, required=False)
    resource = forms.IntegerField(min_value=1, max_value=2**31 - 1, required=False)
    clinic = forms.IntegerField(min_value=1, max_value=2**31 - 1)
    reason = forms.CharField(label=_("Reason"), max_length=200, required=False)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not self.errors and (data["doctor"] is None) == (data["resource"] is None):
            raise forms.ValidationError(_("Name either a doctor or a room."), code="column")
        return data


class RoomForm(forms.Form):
    """A room that is closed for a while, as the panel asks for it."""

    start = LocalTimeField(label=_("From"), widget=forms.DateTimeInput({"type": "datetime-local"}))
    end = LocalTimeField(label=_("Until"), widget=forms.DateTimeInput({"type": "datetime-local"}))
    reason = forms.CharField(
        label=_("Reason"), max_length=200, required=False, widget=forms.TextInput({"autocomplete": "off"})
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not self.errors and data["end"] <= data["start"]:
            self.add_error("end", _("The end must come after the beginning."))
        return data


class BookForm(forms.Form):
    """A visit booked in the panel, for a patient found or for a new one."""

    start = LocalTimeField(widget=forms.HiddenInput)
    doctor = forms.IntegerField(min_value=1, max_value=2**31 - 1, widget=forms.HiddenInput)
    clinic = forms.IntegerField(min_value=1, max_value=2**31 - 1, widget=forms.HiddenInput)
    service = forms.TypedChoiceField(label=_("Service"), coerce=int)
    patient = forms.IntegerField(min_value=1, max_value=2**31 - 1, required=False, widget=forms.HiddenInput)
    last_name = forms.CharField(label=_("Last name"), max_length=150, required=False)
    first_name = forms.CharField(label=_("First name"), max_length=150, required=False)
    phone = forms.CharField(
        label=_("Phone"), max_length=40, required=False, widget=forms.TextInput({"type": "tel"})
    )
    notes = forms.CharField(
        label=_("Note"), max_length=2000, required=False, widget=forms.Textarea({"rows": 2})
    )
    overbook_reason = forms.CharField(
        label=_("Why it is put in"),
        max_length=300,
        required=False,
        help_text=_("It is kept with the visit, and the visit stands on top of what is there."),
    )

    def __init__(
        self, data: QueryDict | None = None, *, offers: list[Offer], names: dict[int, str], **kwargs: Any
    ) -> None:
        super().__init__(data, use_required_attribute=False, **kwargs)
        is_new = not self["patient"].value()
        for name in ("last_name", "first_name", "phone"):
            self.fields[name].required = is_new
        self.fields["service"].choices = [  # type: ignore[attr-defined] # a choice field
            (offer.service_id, names[offer.service_id]) for offer in offers
        ]


class ReasonForm(forms.Form):
    """Why a visit is cancelled."""

    reason = forms.CharField(label=_("Reason"), max_length=300, required=False)
    version = forms.IntegerField(min_value=1, max_value=2**31 - 1)


def cleaned(form: forms.Form) -> dict[str, Any]:
    """Return what the calendar's script sent. Raises ValidationError that names the fields."""
    if form.is_valid():
        return form.cleaned_data
    raise forms.ValidationError(
        [f"{name}: {text}" for name, problems in form.errors.items() for text in problems]
    )
