"""What was done to appointments, and which requests were answered already."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.booking.models.appointments import Appointment, AppointmentStatus


class AppointmentEvent(models.Model):
    """The log of an appointment: every change of status or time, by whom and why."""

    appointment = models.ForeignKey(Appointment, on_delete=models.PROTECT, related_name="events")
    at = models.DateTimeField(_("when"), auto_now_add=True)
    kind = models.CharField(_("what"), max_length=20)
    from_status = models.CharField(max_length=10, blank=True)
    to_status = models.CharField(max_length=10, choices=AppointmentStatus.choices)
    actor_kind = models.CharField(max_length=12)
    actor_id = models.BigIntegerField(null=True, blank=True)
    data = models.JSONField(default=dict, blank=True)

    class Meta:
        verbose_name = _("appointment event")
        verbose_name_plural = _("appointment log")
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.kind} {self.to_status}"


class IdempotencyKey(models.Model):
    """A request that may be repeated: the same scope and key always get the first answer.

    `scope` names the caller and the operation; `request_hash` is compared so that a key cannot be reused for
    something else. Kept for 24 hours at least.
    """

    scope = models.CharField(max_length=120)
    key = models.CharField(max_length=255)
    request_hash = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    response = models.JSONField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        verbose_name = _("repeatable request")
        verbose_name_plural = _("repeatable requests")
        constraints = (models.UniqueConstraint(fields=("scope", "key"), name="booking_idempotencykey_once"),)

    def __str__(self) -> str:
        return f"{self.scope}"
