"""Forms of rooms, devices and the rules of booking."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms import WagtailAdminModelForm

from tenants.booking.models import (
    BookingCap,
    CapPeriod,
    PolicyOverride,
    ReleaseWave,
    Resource,
    ResourceKind,
    ResourcePool,
    ServiceRequirement,
)
from tenants.booking.windows.fullness import fullest


class ResourceForm(WagtailAdminModelForm):
    """A room or a device. Doctors have their resource by themselves."""

    class Meta(WagtailAdminModelForm.Meta):
        model = Resource
        fields = ("kind", "name", "clinic", "is_active")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kind = self.fields["kind"]
        assert isinstance(kind, forms.ChoiceField)  # noqa: S101 - narrows the type of a model's field
        kind.choices = [(each.value, each.label) for each in (ResourceKind.ROOM, ResourceKind.DEVICE)]
        self.fields["name"].required = True
        self.fields["clinic"].required = True


class PoolForm(WagtailAdminModelForm):
    """Rooms and devices that can stand in for each other."""

    resources = forms.ModelMultipleChoiceField(
        label=_("Rooms and devices"),
        queryset=Resource.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )

    class Meta(WagtailAdminModelForm.Meta):
        model = ResourcePool
        fields = "__all__"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["resources"]
        assert isinstance(field, forms.ModelMultipleChoiceField)  # noqa: S101 - narrows a declared field
        field.queryset = Resource.objects.filter(doctor=None).order_by("clinic", "name", "pk")


class RequirementForm(WagtailAdminModelForm):
    class Meta(WagtailAdminModelForm.Meta):
        model = ServiceRequirement
        fields = "__all__"


class PolicyOverrideForm(WagtailAdminModelForm):
    """Other rules for a service, a channel, or both."""

    class Meta(WagtailAdminModelForm.Meta):
        model = PolicyOverride
        fields = "__all__"

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean()
        if self.errors:
            return data
        if not data.get("service") and not data.get("channel"):
            raise ValidationError(_("Choose a service, a channel, or both."), code="for_nobody")
        values = ("minimum_notice_minutes", "horizon_days", "needs_approval")
        if all(data.get(name) is None for name in values):
            raise ValidationError(_("Fill in at least one rule that is different."), code="nothing_special")
        return data


class CapForm(WagtailAdminModelForm):
    """A limit; one below what is already booked is saved only when that is meant."""

    only_new = forms.BooleanField(
        label=_("Also where more is booked already"),
        help_text=_("Visits that are booked stay; new ones are refused until there are fewer."),
        required=False,
    )

    class Meta(WagtailAdminModelForm.Meta):
        model = BookingCap
        fields = "__all__"

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean()
        if self.errors or not data.get("is_active") or data.get("only_new"):
            return data
        found = fullest(
            doctor=data.get("doctor"),
            clinic=data.get("clinic"),
            service=data.get("service"),
            channel=data.get("channel") or "",
            by_week=data.get("period") == CapPeriod.WEEK,
            now=timezone.now(),
        )
        if found is not None and found.visits > data["most"]:
            self.add_error("most", self._too_low(found.first_day, found.visits, data["period"]))
        return data

    @staticmethod
    def _too_low(day: dt.date, count: int, period: str) -> ValidationError:
        text = (
            _("In the week of %(day)s already %(count)s visits are booked.")
            if period == CapPeriod.WEEK
            else _("On %(day)s already %(count)s visits are booked.")
        )
        return ValidationError(
            text, code="below_booked", params={"day": date_format(day, "DATE_FORMAT"), "count": count}
        )


class WaveForm(WagtailAdminModelForm):
    class Meta(WagtailAdminModelForm.Meta):
        model = ReleaseWave
        fields = "__all__"
