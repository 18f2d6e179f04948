"""Events of the business and their deliveries: the truth about what must leave the system."""

from uuid import uuid4

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class OutboxEvent(models.Model):
    """Something happened. Written in the business transaction; `payload` holds ids and codes, no personal data."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    occurred_at = models.DateTimeField(auto_now_add=True)
    topic = models.CharField(max_length=60)
    aggregate_type = models.CharField(max_length=40)
    aggregate_id = models.CharField(max_length=40)
    aggregate_version = models.PositiveIntegerField(default=1)
    payload = models.JSONField(default=dict)
    dedup_key = models.CharField(max_length=120, unique=True)
    request_id = models.CharField(max_length=64, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        indexes = (models.Index(fields=("aggregate_type", "aggregate_id"), name="outbox_event_aggregate"),)

    def __str__(self) -> str:
        return f"{self.topic} {self.aggregate_id}"


class DeliveryState(models.TextChoices):
    PENDING = "pending", _("waiting")
    LEASED = "leased", _("being sent")
    SENT = "sent", _("sent")
    UNKNOWN = "unknown", _("outcome unknown")
    DEAD = "dead", _("given up")
    CANCELLED = "cancelled", _("no longer needed")
    HELD = "held", _("held back")


class OutboxDelivery(models.Model):
    """One consumer's copy of an event, with its own state, tries and lease."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    event = models.ForeignKey(OutboxEvent, on_delete=models.CASCADE, related_name="deliveries")
    consumer = models.CharField(_("channel"), max_length=40)
    state = models.CharField(
        _("state"), max_length=10, choices=DeliveryState.choices, default=DeliveryState.PENDING
    )
    priority = models.PositiveSmallIntegerField(default=5)
    attempts = models.PositiveSmallIntegerField(_("tries"), default=0)
    next_attempt_at = models.DateTimeField(_("next try"), db_default=Now())
    lease_until = models.DateTimeField(null=True, blank=True)
    client_message_id = models.CharField(max_length=120)
    last_code = models.CharField(_("last error code"), max_length=60, blank=True)
    last_error = models.CharField(_("last error"), max_length=300, blank=True)
    possible_duplicate = models.BooleanField(_("possibly sent twice"), default=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        ordering = ("-created_at",)
        constraints = (models.UniqueConstraint(fields=("event", "consumer"), name="outbox_delivery_once"),)
        indexes = (
            models.Index(
                fields=("priority", "next_attempt_at"),
                condition=Q(state__in=("pending", "leased", "unknown")),
                name="outbox_delivery_due",
            ),
        )

    def __str__(self) -> str:
        return f"{self.consumer}: {self.get_state_display()}"
