"""What makes stored working time stale: hours, exceptions, holidays, zones, ways, and where doctors work."""

from typing import Any, Final

from django.db.models import Model, Q
from django.db.models.signals import post_delete, post_save, pre_save
from django.dispatch import Signal, receiver

from tenants.booking.models import ExceptionScope, Resource, ScheduleException
from tenants.booking.scheduled import refresh_soon
from tenants.booking.windows.store import mark_stale
from tenants.clinics.models import Clinic, TravelTime
from tenants.doctors.models import DoctorClinic, DoctorSchedule

_FEW: Final = 10
_CLINIC_FACTS: Final = ("time_zone", "holiday_calendar")


def resources_of_exception(exception: ScheduleException) -> list[int] | None:
    """Return the ids of the resources that an exception is about; None for all."""
    match exception.scope:
        case ExceptionScope.NETWORK:
            return None
        case ExceptionScope.CLINIC:
            return _ids(Q(doctor__clinic_links__clinic=exception.clinic_id))
        case ExceptionScope.DOCTOR:
            return _ids(Q(doctor=exception.doctor_id))
        case _:
            return [exception.resource_id] if exception.resource_id is not None else []


def connect() -> None:
    """Importing this module connects its receivers; called once, when all apps are loaded."""


@receiver([pre_save, post_save, post_delete], sender=ScheduleException)
def _exception_changed(instance: ScheduleException, signal: Signal, **_kwargs: Any) -> None:
    if signal is pre_save:
        before = ScheduleException.objects.filter(pk=instance.pk).first() if instance.pk else None
        if before is not None:  # it may have been about others until now
            _stale(resources_of_exception(before))
        return
    _stale(resources_of_exception(instance))


@receiver([pre_save, post_save, post_delete], sender=DoctorSchedule)
@receiver([pre_save, post_save, post_delete], sender=DoctorClinic)
def _doctor_changed(
    instance: DoctorSchedule | DoctorClinic, sender: type[Model], signal: Signal, **_kwargs: Any
) -> None:
    doctor_ids = {instance.doctor_id}
    if signal is pre_save:
        doctor_ids = set(
            sender._default_manager.filter(pk=instance.pk).values_list("doctor_id", flat=True)
            if instance.pk
            else ()
        ) - {instance.doctor_id}
    if doctor_ids:
        _stale(_ids(Q(doctor__in=doctor_ids)))


@receiver(pre_save, sender=Clinic)
def _clinic_changes(instance: Clinic, **_kwargs: Any) -> None:
    before = (
        Clinic.objects.filter(pk=instance.pk).values_list(*_CLINIC_FACTS).first() if instance.pk else None
    )
    if before is not None and before != tuple(getattr(instance, name) for name in _CLINIC_FACTS):
        _stale(_ids(Q(doctor__clinic_links__clinic=instance.pk) | Q(clinic=instance.pk)))


@receiver([post_save, post_delete], sender=TravelTime)
def _way_changed(instance: TravelTime, **_kwargs: Any) -> None:
    there = Q(doctor__clinic_links__clinic=instance.from_clinic_id)
    here = Q(doctor__clinic_links__clinic=instance.to_clinic_id)
    _stale(sorted({*_ids(there)} & {*_ids(here)}))


@receiver(pre_save, sender=Resource)
def _room_changes(instance: Resource, **_kwargs: Any) -> None:
    """A room that moves to another clinic follows the other clinic's days."""
    if instance.pk and instance.doctor_id is None:
        before = Resource.objects.filter(pk=instance.pk).values_list("clinic_id", flat=True).first()
        if before is not None and before != instance.clinic_id:
            instance.windows_until = None


def _stale(resource_ids: list[int] | None) -> None:
    """One doctor is rebuilt by whoever reads first; of many, nobody should have to wait for all."""
    mark_stale(resource_ids)
    if resource_ids is None or len(resource_ids) > _FEW:
        refresh_soon()


def _ids(condition: Q) -> list[int]:
    return list(Resource.objects.filter(condition).order_by("pk").values_list("pk", flat=True).distinct())
