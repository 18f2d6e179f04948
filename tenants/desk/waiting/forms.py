"""The form that puts a patient on the waiting list."""

import datetime as dt
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from saas.core.sorting import alphabetical
from tenants.clinics.models import Clinic
from tenants.doctors.models import Doctor
from tenants.services.models import Service

_DATE = {"type": "date", "autocomplete": "off"}


class WaitForm(forms.Form):
    """What the patient waits for; dates are local to the clinic."""

    service = forms.ModelChoiceField(label=_("Service"), queryset=Service.objects.none())
    doctor = forms.ModelChoiceField(
        label=_("Doctor"), queryset=Doctor.objects.none(), required=False, empty_label=_("Any doctor")
    )
    clinic = forms.ModelChoiceField(
        label=_("Clinic"), queryset=Clinic.objects.none(), required=False, empty_label=_("Any clinic")
    )
    earliest = forms.DateField(label=_("From, day"), widget=forms.DateInput(format="%Y-%m-%d", attrs=_DATE))
    latest = forms.DateField(label=_("Until, day"), widget=forms.DateInput(format="%Y-%m-%d", attrs=_DATE))
    urgency = forms.TypedChoiceField(
        label=_("Urgency"),
        coerce=int,
        choices=[(0, _("as usual")), (1, _("soon")), (2, _("urgent")), (3, _("in pain"))],
    )

    def __init__(self, *args: Any, today: dt.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = {
            "service": Service.objects.filter(is_active=True),
            "doctor": Doctor.objects.filter(is_active=True)
            .select_related("user")
            .order_by(*alphabetical("user__last_name", "user__first_name", "pk")),
            "clinic": Clinic.objects.filter(is_active=True),
        }
        for name, queryset in rows.items():
            field = self.fields[name]
            if isinstance(field, forms.ModelChoiceField):
                field.queryset = queryset
        self.fields["earliest"].initial = today
        self.fields["latest"].initial = today + dt.timedelta(days=30)
