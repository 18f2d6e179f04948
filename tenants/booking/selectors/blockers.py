"""Why nobody can book anything: what is missing between an empty network and its first free slot."""

import datetime as dt
from dataclasses import dataclass
from typing import Final

from django.db.models import Exists, OuterRef
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tenants.booking.models import Resource, ServiceRequirement
from tenants.booking.policy import current_policy
from tenants.booking.selectors.search import first_free_slots
from tenants.clinics.models import Clinic
from tenants.doctors.models import Doctor, DoctorClinic, DoctorSchedule, ScheduleState
from tenants.services.models import Service
from tenants.services.offers import offers_for

SETUP: Final = "/setup/"


@dataclass(frozen=True, slots=True)
class Blocker:
    """One thing to do before patients can book; `fix_url` is a path on the network's host."""

    code: str
    message: str | Promise
    fix_url: str


def explain_no_slots(*, now: dt.datetime) -> list[Blocker]:
    """Return what keeps every patient from booking, in the order to fix it; empty when somebody can book."""
    missing = _missing_parts()
    if missing:
        return missing
    offers = offers_for()
    if not offers:
        return [_not_linked()]
    pairs = {(offer.doctor_id, offer.clinic_id) for offer in offers}
    hours = DoctorSchedule.objects.filter(is_active=True, state=ScheduleState.PUBLISHED).order_by()
    with_hours = pairs & set(hours.values_list("doctor_id", "clinic_id"))
    if not with_hours:
        return [
            Blocker("no_hours", _("No doctor who offers a service has working hours in that clinic."), SETUP)
        ]
    if first_free_slots(limit=1, now=now):
        return []
    if not {(offer.service_id, offer.clinic_id) for offer in offers} - _without_rooms():
        return [
            Blocker(
                "no_rooms",
                _("Every service needs a room or device that its clinic does not have."),
                "/cms/requirements/",
            )
        ]
    return [_nothing_free(now, pairs)]


def _missing_parts() -> list[Blocker]:
    found = []
    if not Clinic.objects.filter(is_active=True).exists():
        found.append(Blocker("no_clinic", _("There is no clinic open to patients."), SETUP))
    if not Doctor.objects.filter(is_active=True).exists():
        found.append(Blocker("no_doctor", _("There is no doctor who sees patients."), SETUP))
    if not Service.objects.filter(is_active=True).exists():
        found.append(Blocker("no_service", _("There is no service on offer."), SETUP))
    return found


def _not_linked() -> Blocker:
    if not DoctorClinic.objects.filter(doctor__is_active=True, clinic__is_active=True).exists():
        return Blocker("doctor_without_clinic", _("No doctor is assigned to a clinic."), SETUP)
    if not Service.objects.filter(is_active=True, doctors__is_active=True).exists():
        return Blocker("service_without_doctor", _("No service is assigned to a doctor."), SETUP)
    if not Service.objects.filter(is_active=True, clinics__is_active=True).exists():
        return Blocker("service_without_clinic", _("No service is offered in a clinic."), SETUP)
    return Blocker(
        "not_linked",
        _("No doctor offers a service in a clinic where both the doctor and the service are."),
        SETUP,
    )


def _without_rooms() -> set[tuple[int, int]]:
    """Return the services, by clinic, that need a pool of which nothing is in use in the clinic."""
    there = Resource.objects.filter(
        pools=OuterRef("pool"), clinic=OuterRef("service__clinics"), is_active=True, doctor=None
    )
    rows = ServiceRequirement.objects.filter(~Exists(there), service__clinics__isnull=False)
    return set(rows.order_by().values_list("service_id", "service__clinics"))


def _nothing_free(now: dt.datetime, pairs: set[tuple[int, int]]) -> Blocker:
    policy = current_policy()
    if policy.minimum_notice_minutes >= policy.horizon_days * 24 * 60:
        return Blocker(
            "notice_beyond_horizon",
            _("The notice you ask for is longer than the time for which visits can be booked ahead."),
            SETUP,
        )
    today = now.date() - dt.timedelta(days=1)
    ahead = today + dt.timedelta(days=policy.horizon_days + 2)
    current = (
        DoctorSchedule.objects.filter(is_active=True, state=ScheduleState.PUBLISHED)
        .exclude(valid_until__lt=today)
        .exclude(valid_from__gt=ahead)
        .order_by()
    )
    if not pairs & set(current.values_list("doctor_id", "clinic_id")):
        return Blocker(
            "hours_not_current", _("All working hours are out of date or begin too far ahead."), SETUP
        )
    return Blocker(
        "all_booked", _("Every time in the next 30 days is taken or too short for a visit."), SETUP
    )
