"""Stored free time follows stored working time; what searches remember follows rules of booking."""

from collections.abc import Sequence
from typing import Any

from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver
from django.utils import timezone

from tenants.booking.gaps import store
from tenants.booking.gaps.upkeep import first_kept
from tenants.booking.models import BookingCap, PolicyOverride, ReleaseWave, ServiceRequirement
from tenants.booking.remembering import forget
from tenants.booking.windows.signals import windows_rebuilt
from tenants.clinics.models import TravelTime
from tenants.doctors.models import DoctorSpecialization, FloatingBreak


def connect() -> None:
    """Importing this module connects its receivers; called once, when all apps are loaded."""


@receiver(windows_rebuilt)
def _windows_rebuilt(resource_ids: Sequence[int], **_kwargs: Any) -> None:
    """In the transaction that wrote the windows and holds the locks."""
    store.fill(store.lock(resource_ids), first=first_kept(timezone.now()))


def _rules_changed(**_kwargs: Any) -> None:
    forget()


for _model in (
    BookingCap,
    DoctorSpecialization,
    FloatingBreak,
    PolicyOverride,
    ReleaseWave,
    ServiceRequirement,
    TravelTime,
):
    post_save.connect(_rules_changed, sender=_model)
    post_delete.connect(_rules_changed, sender=_model)
