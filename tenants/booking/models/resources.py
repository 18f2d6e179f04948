"""What can be busy: doctors, rooms, devices; pools of them, and which services need them."""

from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from tenants.clinics.models import Clinic
from tenants.doctors.models import Doctor
from tenants.services.models import Service


class ResourceKind(models.TextChoices):
    DOCTOR = "doctor", _("doctor")
    ROOM = "room", _("room")
    DEVICE = "device", _("device")


class Resource(models.Model):
    """Anything that can be busy. Its row is what a booking locks; resources are locked in id order.

    A doctor's goes with the doctor, unless there was ever a claim, which protects both.
    """

    kind = models.CharField(_("kind"), max_length=10, choices=ResourceKind.choices)
    name = models.CharField(_("name"), max_length=200, blank=True)
    doctor = models.OneToOneField(
        Doctor, null=True, blank=True, on_delete=models.CASCADE, related_name="resource"
    )
    clinic = models.ForeignKey(
        Clinic, null=True, blank=True, on_delete=models.PROTECT, related_name="resources"
    )
    is_active = models.BooleanField(_("in use"), default=True)
    windows_until = models.DateField(
        null=True,
        editable=False,
        help_text=_("Work windows are right before this local date; empty: they have to be built anew."),
    )
    version = models.BigIntegerField(
        default=1, editable=False, help_text=_("Grows with everything that changes its free time: an ETag.")
    )

    class Meta:
        verbose_name = _("resource")
        verbose_name_plural = _("resources")
        constraints = (
            models.CheckConstraint(
                condition=Q(kind="doctor", doctor__isnull=False)
                | Q(kind__in=("room", "device"), doctor__isnull=True, clinic__isnull=False),
                name="booking_resource_kind",
            ),
        )

    def __str__(self) -> str:
        return self.name or capfirst(f"{self.get_kind_display()} {self.pk}")


class ResourcePool(models.Model):
    """Resources that can stand in for each other: any of them will do. Those in the visit's clinic count."""

    name = models.CharField(_("name"), max_length=200, unique=True)
    resources = models.ManyToManyField(
        Resource, verbose_name=_("rooms and devices"), blank=True, related_name="pools"
    )

    class Meta:
        verbose_name = _("pool of rooms or devices")
        verbose_name_plural = _("pools of rooms and devices")
        ordering = ("name", "id")

    def __str__(self) -> str:
        return self.name


class ServiceRequirement(models.Model):
    """A service needs one resource of this pool, besides the doctor; several rows are all needed.

    Set-up and clean-up are minutes in which the resource, not the doctor, is busy before and after the visit.
    """

    service = models.ForeignKey(
        Service, verbose_name=_("service"), on_delete=models.CASCADE, related_name="requirements"
    )
    pool = models.ForeignKey(
        ResourcePool, verbose_name=_("one of"), on_delete=models.PROTECT, related_name="requirements"
    )
    setup_minutes = models.PositiveIntegerField(
        _("set-up, minutes"), default=0, validators=[MaxValueValidator(240)]
    )
    cleanup_minutes = models.PositiveIntegerField(
        _("clean-up, minutes"), default=0, validators=[MaxValueValidator(240)]
    )

    class Meta:
        verbose_name = _("what a service needs")
        verbose_name_plural = _("what services need")
        ordering = ("service", "id")
        constraints = (
            models.UniqueConstraint(fields=("service", "pool"), name="booking_servicerequirement_once"),
        )

    def __str__(self) -> str:
        return f"{self.service.name}: {self.pool.name}"
