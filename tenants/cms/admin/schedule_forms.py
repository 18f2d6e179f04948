"""Forms of working time: hours, exceptions, breaks, ways between clinics."""

from __future__ import annotations

import datetime as dt
from itertools import combinations
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms import WagtailAdminModelForm

from tenants.booking.models import ExceptionKind, ExceptionRepeat, ExceptionScope, Resource, ScheduleException
from tenants.booking.windows.drafts import Draft, draft_of_exception, draft_of_hours
from tenants.clinics.models import TravelTime
from tenants.doctors.hours import Window, meets, overlap_error, refuse_overlap
from tenants.doctors.models import (
    DoctorClinic,
    DoctorSchedule,
    FloatingBreak,
    SchedulePattern,
    ScheduleState,
    Weekday,
)

EVERY_WEEK: Final = "week"
EVERY_FEW_WEEKS: Final = "weeks"
DAYS_ON_DAYS_OFF: Final = "cycle"
_REPEATS: Final = (
    (EVERY_WEEK, _("every week")),
    (EVERY_FEW_WEEKS, _("every few weeks")),
    (DAYS_ON_DAYS_OFF, _("days on, days off, such as two on, two off")),
)
_LONGEST_CYCLE: Final = 56
_YEAR: Final = dt.timedelta(days=365)
_NTH: Final = (
    ("", "---------"),
    (1, _("the first")),
    (2, _("the second")),
    (3, _("the third")),
    (4, _("the fourth")),
    (5, _("the fifth")),
    (-1, _("the last")),
)


class WeekdaysField(forms.TypedMultipleChoiceField):
    """Weekdays as a list of numbers, 0 Monday."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("required", False)
        super().__init__(
            choices=Weekday.choices, coerce=int, widget=forms.CheckboxSelectMultiple, empty_value=[], **kwargs
        )


class ScheduleForm(WagtailAdminModelForm):
    """Recurring hours in words people use; one form can make the rows of several days at once.

    Overlapping hours of one doctor are refused, whatever their patterns. `rows` are what would be written.
    """

    repeats = forms.ChoiceField(label=_("Repeats"), choices=_REPEATS, required=False, initial=EVERY_WEEK)
    also_on = WeekdaysField(label=_("Also on these weekdays"))
    days_on = forms.IntegerField(label=_("Days on"), min_value=1, max_value=_LONGEST_CYCLE, required=False)
    days_off = forms.IntegerField(label=_("Days off"), min_value=1, max_value=_LONGEST_CYCLE, required=False)
    day_in_cycle = forms.IntegerField(
        label=_("Day of the cycle"), min_value=1, max_value=_LONGEST_CYCLE, required=False
    )

    class Meta(WagtailAdminModelForm.Meta):
        model = DoctorSchedule
        exclude = ("pattern", "cycle_day")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        row: DoctorSchedule = self.instance
        self.fields["day_of_week"].required = False
        self.fields["every_weeks"].required = False
        self.fields["state"].required = False
        self.fields["every_weeks"].label = _("Every so many weeks")
        self.fields["anchor_date"].label = _("Counted from")
        self.fields["anchor_date"].help_text = _(
            "The first day of the cycle, or any day of a week in which the doctor works."
        )
        self.fields["state"].help_text = _(
            "A draft changes nothing until it is published; you will see the next eight weeks first."
        )
        self.fields["end_time"].help_text = _("Not after the beginning: the next morning.")
        if row.pk is None:
            self.initial.setdefault("state", ScheduleState.DRAFT)
            self.initial.setdefault("repeats", EVERY_WEEK)
            for name in ("cycle_days", "day_in_cycle"):
                del self.fields[name]
            return
        for name in ("also_on", "days_on", "days_off"):
            del self.fields[name]
        self.initial["repeats"] = EVERY_FEW_WEEKS if row.every_weeks > 1 else EVERY_WEEK
        if row.pattern == SchedulePattern.CYCLE:
            self.initial["repeats"] = DAYS_ON_DAYS_OFF
            self.initial["day_in_cycle"] = (row.cycle_day or 0) + 1

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean()
        data["state"] = data.get("state") or ScheduleState.PUBLISHED
        data["repeats"] = data.get("repeats") or EVERY_WEEK
        start, end = data.get("start_time"), data.get("end_time")
        if start and end and start == end:
            self.add_error("end_time", _("The end is the same as the beginning."))
        if data.get("valid_from") and data.get("valid_until") and data["valid_until"] < data["valid_from"]:
            self.add_error("valid_until", _("The last day is before the first one."))
        if data["repeats"] == DAYS_ON_DAYS_OFF:
            self._clean_cycle(data)
        else:
            self._clean_weeks(data)
        return data

    @property
    def rows(self) -> list[DoctorSchedule]:
        """The rows that saving writes: the form's own first, then those of the other days. After `is_valid`."""
        data, row = self.cleaned_data, self.instance
        rows = [row]
        if row.pk is None:
            if row.pattern == SchedulePattern.CYCLE:
                rows += [_copy(row, cycle_day=day) for day in range(1, data["days_on"])]
            else:
                days = {*(data.get("also_on") or ())} - {row.day_of_week}
                rows += [_copy(row, day_of_week=day) for day in sorted(days)]
        return rows

    def drafts(self) -> list[Draft]:
        """The changes that saving comes to, for each doctor concerned. After `is_valid`."""
        found = [draft_of_hours(doctor_id=self.instance.doctor_id, put=self.rows)]
        before = DoctorSchedule.objects.filter(pk=self.instance.pk).first() if self.instance.pk else None
        if before is not None and before.doctor_id != self.instance.doctor_id:
            found.append(draft_of_hours(doctor_id=before.doctor_id, without=[before.pk]))
        return found

    def save(self, commit: bool = True) -> DoctorSchedule:  # noqa: FBT001, FBT002 - Django's signature
        others = self.rows[1:]
        saved: DoctorSchedule = super().save(commit=commit)
        for row in others:
            row.save()
        return saved

    def _post_clean(self) -> None:
        """What the model needs besides the fields is set before the model's own checks run."""
        data, row = self.cleaned_data, self.instance
        if not self.errors:
            is_cycle = data["repeats"] == DAYS_ON_DAYS_OFF
            row.pattern = SchedulePattern.CYCLE if is_cycle else SchedulePattern.WEEKLY
            row.cycle_day = None
            if is_cycle:
                row.cycle_day = data["day_in_cycle"] - 1 if row.pk else 0
                row.cycle_days = data["cycle_days"] if row.pk else data["days_on"] + data["days_off"]
        super()._post_clean()
        if not self.errors:
            try:
                self._refuse_overlaps()
            except ValidationError as error:
                self._update_errors(error)

    def _clean_weeks(self, data: dict[str, Any]) -> None:
        if data.get("day_of_week") in {None, ""} and "day_of_week" not in self.errors:
            self.add_error("day_of_week", _("Choose a weekday."))
        if data["repeats"] == EVERY_WEEK:
            data["every_weeks"], data["anchor_date"] = 1, None
        else:
            if (data.get("every_weeks") or 1) < 2:  # noqa: PLR2004 - every week is the other choice
                self.add_error("every_weeks", _("Every how many weeks? At least 2."))
            if not data.get("anchor_date"):
                self.add_error("anchor_date", _("Choose a day in a week in which the doctor works."))
        if "cycle_days" in self.fields:
            data["cycle_days"] = None

    def _clean_cycle(self, data: dict[str, Any]) -> None:
        data["every_weeks"] = 1
        if not data.get("anchor_date"):
            self.add_error("anchor_date", _("Choose the first day of the cycle."))
        else:
            data["day_of_week"] = data["anchor_date"].weekday()
        if self.instance.pk is None:
            for name in ("days_on", "days_off"):
                if not data.get(name):
                    self.add_error(name, _("How many days?"))
            if (data.get("days_on") or 0) + (data.get("days_off") or 0) > _LONGEST_CYCLE:
                self.add_error("days_off", _("A cycle has at most 56 days."))
            return
        length, day = data.get("cycle_days"), data.get("day_in_cycle")
        if not length:
            self.add_error("cycle_days", _("How many days?"))
        elif not day or day > length:
            self.add_error("day_in_cycle", _("Choose a day within the cycle."))

    def _refuse_overlaps(self) -> None:
        rows = self.rows
        for each in rows:
            refuse_overlap(each)
        for one, other in combinations([Window.of(each) for each in rows], 2):
            if meets(one, other):
                raise ValidationError({"end_time": overlap_error(other)})


class ExceptionForm(WagtailAdminModelForm):
    """A closure, a leave, extra hours or other hours. `draft` is the change that saving comes to."""

    weekdays = WeekdaysField(label=_("Weekdays"))
    nth = forms.TypedChoiceField(
        label=_("Which one in the month"), choices=_NTH, coerce=int, empty_value=None, required=False
    )

    class Meta(WagtailAdminModelForm.Meta):
        model = ScheduleException
        exclude = ("created_by_id",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.before = (
            ScheduleException.objects.filter(pk=self.instance.pk).first() if self.instance.pk else None
        )
        field = self.fields["resource"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 - narrows the type of a model's field
        field.queryset = Resource.objects.filter(doctor=None).select_related("clinic")
        self.fields["start_time"].help_text = _("Empty for whole days, which only a closure can be.")
        self.fields["end_time"].help_text = _("Not after the beginning: the next morning.")

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean()
        self._clean_scope(data)
        self._clean_dates(data)
        self._clean_hours(data)
        return data

    def draft(self) -> Draft:
        """The change of rules; after `is_valid`."""
        return draft_of_exception(self.instance, before=self.before)

    def _clean_scope(self, data: dict[str, Any]) -> None:
        scope = data.get("scope")
        wanted = {
            ExceptionScope.NETWORK: (None, ()),
            ExceptionScope.CLINIC: ("clinic", ()),
            ExceptionScope.DOCTOR: ("doctor", ("clinic",)),
            ExceptionScope.RESOURCE: ("resource", ("clinic",)),
        }
        if scope not in wanted:
            return
        needed, allowed = wanted[ExceptionScope(scope)]
        if needed and not data.get(needed) and needed not in self.errors:
            self.add_error(needed, _("Choose what this applies to."))
        for name in ("clinic", "doctor", "resource"):
            if name != needed and name not in allowed:
                data[name] = None
        if scope == ExceptionScope.RESOURCE:
            data["clinic"] = None
            if data.get("kind") not in {None, ExceptionKind.BLOCK}:
                self.add_error("kind", _("A room or device is open at all times: it can only be closed."))
        if scope == ExceptionScope.DOCTOR and data.get("doctor"):
            self._clean_place(data)

    def _clean_place(self, data: dict[str, Any]) -> None:
        links = DoctorClinic.objects.filter(doctor=data["doctor"]).select_related("clinic")
        clinics = [link.clinic for link in links]
        if data.get("clinic") and data["clinic"] not in clinics:
            self.add_error("clinic", _("This doctor does not work in this clinic."))
        elif not data.get("clinic") and data.get("kind") != ExceptionKind.BLOCK:
            if len(clinics) > 1:
                self.add_error(
                    "clinic", _("This doctor works in several clinics: choose where these hours are.")
                )
            elif clinics:
                data["clinic"] = clinics[0]

    def _clean_dates(self, data: dict[str, Any]) -> None:
        start, end, repeat = data.get("start_date"), data.get("end_date"), data.get("repeat")
        if start and end:
            if end < start:
                self.add_error("end_date", _("The last day is before the first one."))
            elif repeat == ExceptionRepeat.YEARLY and end - start >= _YEAR:
                self.add_error("end_date", _("What repeats every year has to be shorter than a year."))
        by_weekday = repeat in {ExceptionRepeat.WEEKLY, ExceptionRepeat.NTH_WEEKDAY}
        if not by_weekday:
            data["weekdays"] = []
        elif not data.get("weekdays"):
            self.add_error("weekdays", _("Choose at least one weekday."))
        if repeat != ExceptionRepeat.NTH_WEEKDAY:
            data["nth"] = None
        elif data.get("nth") is None:
            self.add_error("nth", _("Choose which one in the month."))

    def _clean_hours(self, data: dict[str, Any]) -> None:
        start, end = data.get("start_time"), data.get("end_time")
        if (start is None) != (end is None):
            self.add_error("end_time" if end is None else "start_time", _("Fill in both times, or neither."))
        elif start is not None and start == end:
            self.add_error("end_time", _("The end is the same as the beginning."))
        elif start is None and data.get("kind") in {ExceptionKind.ADD, ExceptionKind.REPLACE}:
            self.add_error("start_time", _("Fill in the hours."))


class FloatingBreakForm(WagtailAdminModelForm):
    """A break that has to find room between two times."""

    class Meta(WagtailAdminModelForm.Meta):
        model = FloatingBreak
        fields = "__all__"

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean()
        earliest, latest, minutes = data.get("earliest"), data.get("latest"), data.get("minutes")
        if earliest and latest:
            room = (latest.hour - earliest.hour) * 60 + latest.minute - earliest.minute
            if room <= 0:
                self.add_error("latest", _("The end must come after the beginning."))
            elif minutes and minutes > room:
                self.add_error("minutes", _("The break is longer than the time it has to lie in."))
        return data


class TravelTimeForm(WagtailAdminModelForm):
    """A way between two clinics; each pair once, in whatever direction."""

    class Meta(WagtailAdminModelForm.Meta):
        model = TravelTime
        fields = "__all__"

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean()
        one, other = data.get("from_clinic"), data.get("to_clinic")
        if one and other:
            if one == other:
                self.add_error("to_clinic", _("Choose another clinic."))
            elif (
                TravelTime.objects.filter(
                    Q(from_clinic=one, to_clinic=other) | Q(from_clinic=other, to_clinic=one)
                )
                .exclude(pk=self.instance.pk)
                .exists()
            ):
                self.add_error("to_clinic", _("The way between these clinics is already there."))
        return data


def _copy(row: DoctorSchedule, **changes: Any) -> DoctorSchedule:
    values = {
        field.attname: getattr(row, field.attname)
        for field in DoctorSchedule._meta.concrete_fields
        if not field.primary_key and field.name not in {"created_at", "updated_at"}
    }
    return DoctorSchedule(**{**values, **changes})
