"""The forms of visits that are booked together."""

import datetime as dt
from collections.abc import Iterable
from typing import Any, Final

from django import forms
from django.http import QueryDict
from django.utils.dates import WEEKDAYS
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tenants.booking.actions.series import dates_by_rule
from tenants.booking.selectors.chains import LONGEST_IN_ANY_ORDER, Wanted
from tenants.booking.selectors.series import MOST_DATES
from tenants.clinics.models import Clinic
from tenants.desk.office.wishes import Choices

DATES_SHOWN: Final = 6
PARTS: Final = LONGEST_IN_ANY_ORDER
_FEWEST: Final = 2
"""Services that make several."""
BY_RULE: Final = "rule"
BY_HAND: Final = "dates"
_OF_RULE: Final = ("first_day", "first_time", "every_weeks", "count")
_MOST_WEEKS: Final = 52
_REACH: Final = dt.timedelta(days=3 * 366)
_DAY: Final = {"type": "date", "autocomplete": "off"}
_TIME: Final = {"type": "time", "autocomplete": "off"}
_FEW: Final = {"inputmode": "numeric", "autocomplete": "off"}


class TogetherForm(forms.Form):
    """What both forms ask for. Choices are those that the page offers, not the whole catalogue."""

    clinic = forms.TypedChoiceField(label=_("Clinic"), coerce=int)
    notes = forms.CharField(
        label=_("Note"),
        max_length=2000,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, choices: Choices, today: dt.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        self.clinics: dict[int, Clinic] = {clinic.pk: clinic for clinic in choices.clinics}
        self._offer("clinic", ((clinic.pk, clinic.name) for clinic in choices.clinics))
        if len(self.clinics) == 1:
            [only] = self.clinics
            self.fields["clinic"].widget = forms.HiddenInput()
            self.fields["clinic"].initial = only

    def chosen_clinic(self) -> Clinic | None:
        """Return the clinic of a form that was checked; None when it was not chosen."""
        return self.clinics.get(self.cleaned_data.get("clinic") or 0)

    def check_day(self, name: str, day: dt.date | None) -> bool:
        """Note a day that nobody means; return whether it can be used."""
        if day is None:
            return False
        if self.today - dt.timedelta(days=1) <= day <= self.today + _REACH:
            return True
        self.add_error(name, forms.ValidationError(_("Choose a day that is still to come."), code="range"))
        return False

    def _offer(self, name: str, rows: Iterable[tuple[int, str]], *, blank: str | Promise = "") -> None:
        field = self.fields[name]
        if isinstance(field, forms.ChoiceField):
            field.choices = [("", blank or _("Choose")), *rows]


class SeriesForm(TogetherForm):
    """Repeated visits. After a check that went well `dates` are the aware instants meant, at most `MOST_DATES`."""

    service = forms.TypedChoiceField(label=_("Service"), coerce=int)
    doctor = forms.TypedChoiceField(label=_("Doctor"), coerce=int)
    kind = forms.ChoiceField(
        label=_("Dates"),
        choices=[(BY_RULE, _("Every week, or every few weeks")), (BY_HAND, _("Chosen by hand"))],
        widget=forms.RadioSelect,
        initial=BY_RULE,
    )
    first_day = forms.DateField(label=_("First day"), widget=forms.DateInput(format="%Y-%m-%d", attrs=_DAY))
    first_time = forms.TimeField(
        label=_("Time, on the clinic's clock"),
        widget=forms.TimeInput(format="%H:%M", attrs=_TIME),
    )
    every_weeks = forms.IntegerField(
        label=_("Every … weeks"),
        min_value=1,
        max_value=_MOST_WEEKS,
        initial=1,
        widget=forms.NumberInput(attrs=_FEW),
    )
    count = forms.IntegerField(
        label=_("How many visits"),
        min_value=1,
        max_value=MOST_DATES,
        initial=8,
        widget=forms.NumberInput(attrs=_FEW),
    )
    weekdays = forms.TypedMultipleChoiceField(
        label=_("On these days"),
        coerce=int,
        choices=list(WEEKDAYS.items()),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None: the weekday of the first day."),
    )

    def __init__(self, *args: Any, choices: Choices, **kwargs: Any) -> None:
        super().__init__(*args, choices=choices, **kwargs)
        self.dates: list[dt.datetime] = []
        if self.data.get("kind") == BY_HAND:
            for name in _OF_RULE:
                self.fields[name].required = False
        self._offer("service", ((each.pk, each.name) for each in choices.services))
        self._offer("doctor", ((each.pk, str(each)) for each in choices.doctors))

    @property
    def typed_dates(self) -> list[str]:
        """What the inputs of dates by hand show: everything that was typed, and some room."""
        typed = (
            [each for each in self.data.getlist("dates") if each] if isinstance(self.data, QueryDict) else []
        )
        return [*typed[:MOST_DATES], *[""] * max(0, DATES_SHOWN - len(typed))]

    def clean(self) -> dict[str, Any]:
        """Work out the dates."""
        said = self.cleaned_data
        clinic = self.chosen_clinic()
        if said.get("kind") == BY_HAND:
            self._dates_by_hand(clinic)
        elif said.get("kind") == BY_RULE:
            self._dates_by_rule(clinic)
        return said

    def _dates_by_rule(self, clinic: Clinic | None) -> None:
        said = self.cleaned_data
        if clinic is None or not self.check_day("first_day", said.get("first_day")) or self.errors:
            return
        self.dates = dates_by_rule(
            first=dt.datetime.combine(said["first_day"], said["first_time"], tzinfo=clinic.zone),
            zone=clinic.time_zone,
            count=said["count"],
            every_weeks=said["every_weeks"],
            weekdays=said["weekdays"],
        )

    def _dates_by_hand(self, clinic: Clinic | None) -> None:
        found: list[dt.datetime] = []
        for text in self.typed_dates:
            if not text:
                continue
            try:
                local = dt.datetime.fromisoformat(text)
            except ValueError:
                local = None
            if local is None or local.tzinfo is not None:
                problem = _("%(text)s is no date with a time.")
                self.add_error(
                    "kind", forms.ValidationError(problem, code="date", params={"text": text[:30]})
                )
            elif self.check_day("kind", local.date()) and clinic is not None:
                found.append(local.replace(second=0, microsecond=0, tzinfo=clinic.zone))
        if not found and "kind" not in self.errors and clinic is not None:
            self.add_error("kind", forms.ValidationError(_("Choose at least one date."), code="required"))
        self.dates = found


class ChainForm(TogetherForm):
    """Several services in one visit. After a check that went well `wanted` are the services in their order."""

    day = forms.DateField(label=_("Day"), widget=forms.DateInput(format="%Y-%m-%d", attrs=_DAY))
    not_before = forms.TimeField(
        label=_("Not before"), required=False, widget=forms.TimeInput(format="%H:%M", attrs=_TIME)
    )
    keep_order = forms.BooleanField(label=_("Keep this order"), required=False)

    def __init__(self, *args: Any, choices: Choices, **kwargs: Any) -> None:
        super().__init__(*args, choices=choices, **kwargs)
        self.wanted: list[Wanted] = []
        services = [(each.pk, each.name) for each in choices.services]
        doctors = [(each.pk, str(each)) for each in choices.doctors]
        for number in range(1, PARTS + 1):
            for name, label in (("service", _("Service %(number)d")), ("doctor", _("Doctor %(number)d"))):
                self.fields[f"{name}_{number}"] = forms.TypedChoiceField(
                    label=label % {"number": number},
                    coerce=int,
                    empty_value=None,
                    required=name == "service" and number <= _FEWEST,
                )
            self._offer(f"service_{number}", services, blank="—")
            self._offer(f"doctor_{number}", doctors, blank=_("Any doctor"))

    @property
    def parts(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        """The pairs of fields, service and doctor."""
        return [(self[f"service_{number}"], self[f"doctor_{number}"]) for number in range(1, PARTS + 1)]

    def clean(self) -> dict[str, Any]:
        """Gather the services."""
        said = self.cleaned_data
        self.check_day("day", said.get("day"))
        for number in range(1, PARTS + 1):
            service, doctor = said.get(f"service_{number}"), said.get(f"doctor_{number}")
            if service is not None:
                self.wanted.append(Wanted(service_id=service, doctor_id=doctor))
        return said
