"""Time that is kept for somebody: holds, group sessions, series of visits."""

from uuid import uuid4

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from tenants.clinics.models import Clinic
from tenants.doctors.models import Doctor
from tenants.services.models import Service


class HoldPurpose(models.TextChoices):
    FORM = "form", _("somebody fills in the form")
    WAITLIST = "waitlist", _("offered to the waiting list")
    PAYMENT = "payment", _("waits for payment")
    PROPOSAL = "proposal", _("proposed to a patient")


class Hold(models.Model):
    """Time kept for one visit until `expires_at`; its claims are hard. `public_id` is the bearer's secret handle."""

    public_id = models.UUIDField(unique=True, default=uuid4, editable=False)
    purpose = models.CharField(max_length=10, choices=HoldPurpose.choices, default=HoldPurpose.FORM)
    doctor = models.ForeignKey(Doctor, on_delete=models.CASCADE, related_name="+")
    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="+")
    clinic = models.ForeignKey(Clinic, on_delete=models.CASCADE, related_name="+")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    extended = models.BooleanField(default=False)
    holder = models.CharField(max_length=80, help_text=_("Who holds: a hashed session, user or token key."))
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("held time")
        verbose_name_plural = _("held times")
        ordering = ("id",)
        indexes = (models.Index(fields=("expires_at",), name="booking_hold_expires"),)

    def __str__(self) -> str:
        return f"{self.purpose} {self.public_id}"


class GroupSession(models.Model):
    """A visit for several patients at once. It owns the claims; each participant's appointment takes a seat."""

    public_id = models.UUIDField(unique=True, default=uuid4, editable=False)
    doctor = models.ForeignKey(
        Doctor, verbose_name=_("doctor"), on_delete=models.PROTECT, related_name="group_sessions"
    )
    service = models.ForeignKey(
        Service, verbose_name=_("service"), on_delete=models.PROTECT, related_name="group_sessions"
    )
    clinic = models.ForeignKey(
        Clinic, verbose_name=_("clinic"), on_delete=models.PROTECT, related_name="group_sessions"
    )
    starts_at = models.DateTimeField(_("begins"))
    ends_at = models.DateTimeField(_("ends"))
    capacity = models.PositiveIntegerField(
        _("seats"), validators=[MinValueValidator(2), MaxValueValidator(500)]
    )
    taken = models.PositiveIntegerField(_("seats taken"), default=0, editable=False)
    cancelled_at = models.DateTimeField(_("cancelled"), null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("group session")
        verbose_name_plural = _("group sessions")
        ordering = ("starts_at", "id")
        constraints = (
            models.CheckConstraint(condition=Q(taken__lte=F("capacity")), name="booking_groupsession_seats"),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="booking_groupsession_not_empty"
            ),
        )
        indexes = (models.Index(fields=("service", "starts_at"), name="booking_session_service"),)

    def __str__(self) -> str:
        return f"{self.starts_at:%Y-%m-%d %H:%M} {self.taken}/{self.capacity}"


class SeriesKind(models.TextChoices):
    SERIES = "series", _("repeated visits")
    CHAIN = "chain", _("several services in one visit")


class AppointmentSeries(models.Model):
    """Appointments that were booked together, all or none; `position` on the appointment gives their order."""

    public_id = models.UUIDField(unique=True, default=uuid4, editable=False)
    kind = models.CharField(max_length=10, choices=SeriesKind.choices)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("series of visits")
        verbose_name_plural = _("series of visits")
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.kind} {self.public_id}"
