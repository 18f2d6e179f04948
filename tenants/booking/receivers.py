"""What follows from changes in the catalogue: a doctor can be locked, cached offers and rules are forgotten."""

from typing import Any

from django.db.models.signals import m2m_changed, post_delete, post_save
from django.dispatch import receiver

from saas.accounts.models import User
from saas.accounts.roles import Role
from saas.networks.context import is_public
from tenants.booking.loading import ensure_doctor_resource
from tenants.booking.models import (
    BookingCap,
    BookingPolicy,
    PolicyOverride,
    ReleaseWave,
    Resource,
    ResourcePool,
    ScheduleException,
    ServiceRequirement,
)
from tenants.booking.remembering import forget
from tenants.clinics.models import Clinic, Organisation, TravelTime
from tenants.doctors.models import Doctor, DoctorClinic, FloatingBreak
from tenants.services.models import Service, ServiceOverride


@receiver(post_save, sender=Doctor)
def _doctor_saved(instance: Doctor, *, created: bool, **_kwargs: Any) -> None:
    if created:
        ensure_doctor_resource(instance.pk)


def _facts_changed(**_kwargs: Any) -> None:
    forget()


@receiver(post_save, sender=User)
def _person_saved(instance: User, **_kwargs: Any) -> None:
    if not is_public() and instance.role == Role.DOCTOR:  # doctors' names are among the facts
        forget()


for _model in (
    BookingCap,
    BookingPolicy,
    Clinic,
    Doctor,
    DoctorClinic,
    FloatingBreak,
    Organisation,
    PolicyOverride,
    ReleaseWave,
    Resource,
    ResourcePool,
    ScheduleException,
    Service,
    ServiceOverride,
    ServiceRequirement,
    TravelTime,
):
    post_save.connect(_facts_changed, sender=_model)
    post_delete.connect(_facts_changed, sender=_model)
for _links in (Service.doctors.through, Service.clinics.through, ResourcePool.resources.through):
    m2m_changed.connect(_facts_changed, sender=_links)
