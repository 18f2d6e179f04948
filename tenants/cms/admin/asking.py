"""Changes of the catalogue that may break visits: these pages ask first what is to become of them."""

from __future__ import annotations

from typing import Any

from django.forms import BaseModelForm
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from wagtail.admin.views import generic

from tenants.booking.windows.drafts import draft_of_clinic
from tenants.booking.windows.impact import (
    OrphanedVisit,
    visits_in_clinic,
    visits_left_outside,
    visits_of_doctor,
    visits_that_would_overlap,
    visits_that_would_overlap_by,
)
from tenants.clinics.models import Clinic
from tenants.cms.admin.impact import AsksFirst
from tenants.doctors.models import Doctor


class ClinicEditing(AsksFirst[BaseModelForm[Any]], generic.EditView):
    """Another zone, other holidays, or a clinic that closes, may break visits."""

    impact_reason = _("The clinic's calendar has changed")

    def visits_at_stake(self, form: BaseModelForm[Any]) -> list[OrphanedVisit]:
        clinic: Clinic = form.instance
        now = timezone.now()
        changed = {*form.changed_data}
        if "is_active" in changed and not clinic.is_active:
            return visits_in_clinic(clinic=clinic, now=now)
        if changed & {"time_zone", "holiday_country", "holiday_region"}:
            return visits_left_outside(draft=draft_of_clinic(clinic), now=now)
        return []


class DoctorEditing(AsksFirst[BaseModelForm[Any]], generic.EditView):
    """A doctor who leaves, or leaves a clinic, may have visits booked."""

    impact_reason = _("The doctor no longer sees patients here")

    def visits_at_stake(self, form: BaseModelForm[Any]) -> list[OrphanedVisit]:
        if not {*form.changed_data} & {"is_active", "clinics"}:
            return []
        doctor: Doctor = form.instance
        clinics = form.cleaned_data["clinics"] if doctor.is_active else ()
        return visits_of_doctor(
            doctor=doctor, now=timezone.now(), clinic_ids=[clinic.pk for clinic in clinics]
        )


class ServiceEditing(AsksFirst[BaseModelForm[Any]], generic.EditView):
    """A longer service may leave too little room between visits that are booked."""

    impact_reason = _("The service takes longer now")

    def visits_at_stake(self, form: BaseModelForm[Any]) -> list[OrphanedVisit]:
        if "duration_minutes" not in form.changed_data:
            return []
        return visits_that_would_overlap(service=form.instance, now=timezone.now())


class _LongerByOverride(AsksFirst[BaseModelForm[Any]]):
    impact_reason = _("The service takes longer now")

    def visits_at_stake(self, form: BaseModelForm[Any]) -> list[OrphanedVisit]:
        if not form.changed_data:
            return []
        return visits_that_would_overlap_by(override=form.instance, now=timezone.now())


class OverrideAdding(_LongerByOverride, generic.CreateView):
    pass


class OverrideEditing(_LongerByOverride, generic.EditView):
    pass
