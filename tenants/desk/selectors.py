"""Reads of the desk: how far the set-up is, what a patient would see."""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from saas.networks.context import current_network, public_context
from saas.networks.models import Network
from tenants.booking.selectors import Blocker, Slot, explain_no_slots, first_free_slots
from tenants.clinics.models import Clinic
from tenants.clinics.selectors import organisation
from tenants.doctors.models import Doctor, DoctorSchedule
from tenants.services.models import Service

PROOF_SLOTS: Final = 3


class SetupStep(StrEnum):
    """The steps of the checklist, in order."""

    CLINIC = "clinic"
    DOCTOR = "doctor"
    SERVICE = "service"
    HOURS = "hours"
    LIVE = "live"


TITLES: Final[dict[SetupStep, str | Promise]] = {
    SetupStep.CLINIC: _("Clinic"),
    SetupStep.DOCTOR: _("Doctor"),
    SetupStep.SERVICE: _("Service"),
    SetupStep.HOURS: _("Hours"),
    SetupStep.LIVE: _("Go live"),
}


@dataclass(frozen=True, slots=True)
class SetupState:
    """What exists so far: counts of what patients could be offered, and since when the site takes bookings."""

    counts: dict[SetupStep, int]
    went_live_at: dt.datetime | None

    def is_done(self, step: SetupStep) -> bool:
        return self.went_live_at is not None if step == SetupStep.LIVE else self.counts[step] > 0

    @property
    def current(self) -> SetupStep | None:
        """The first step that is not done; None when all are."""
        return next((step for step in SetupStep if not self.is_done(step)), None)

    @property
    def done_count(self) -> int:
        return sum(self.is_done(step) for step in SetupStep)


@dataclass(frozen=True, slots=True)
class ProofSlot:
    """A slot with the names a patient would read."""

    slot: Slot
    doctor: str
    clinic: str
    service: str


def setup_state() -> SetupState:
    """Return how far the set-up is. Four counts and the cached profile."""
    return SetupState(
        counts={
            SetupStep.CLINIC: Clinic.objects.filter(is_active=True).count(),
            SetupStep.DOCTOR: Doctor.objects.filter(is_active=True).count(),
            SetupStep.SERVICE: Service.objects.filter(is_active=True).count(),
            SetupStep.HOURS: DoctorSchedule.objects.filter(is_active=True).count(),
        },
        went_live_at=organisation().went_live_at,
    )


def proof_of_bookability(*, now: dt.datetime) -> tuple[list[ProofSlot], list[Blocker]]:
    """Return the first slots a patient would see or, when there are none, every reason why."""
    slots = first_free_slots(limit=PROOF_SLOTS, now=now)
    if not slots:
        return [], explain_no_slots(now=now)
    doctors = {
        doctor.pk: str(doctor)
        for doctor in Doctor.objects.filter(pk__in={slot.doctor_id for slot in slots}).select_related("user")
    }
    clinics = dict(Clinic.objects.filter(pk__in={slot.clinic_id for slot in slots}).values_list("pk", "name"))
    services = dict(
        Service.objects.filter(pk__in={slot.service_id for slot in slots}).values_list("pk", "name")
    )
    proof = [
        ProofSlot(
            slot=slot,
            doctor=doctors[slot.doctor_id],
            clinic=clinics[slot.clinic_id],
            service=services[slot.service_id],
        )
        for slot in slots
    ]
    return proof, []


def home_time_zone() -> str:
    """Return the IANA zone the owner chose at sign-up: the first clinic's default."""
    network_id = current_network().id
    with public_context():
        return str(Network.objects.values_list("time_zone", flat=True).get(pk=network_id))
