"""Who did what in this network. Rows are written in the transaction of what they record and never changed."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class AuditEvent(models.Model):
    """One recorded action. `data` holds ids, codes and old/new values of non-personal fields only."""

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField(_("when"), auto_now_add=True, db_index=True)
    actor_id = models.BigIntegerField(
        _("user"), null=True, blank=True, help_text=_("Empty: the system or a guest.")
    )
    actor_kind = models.CharField(_("kind of actor"), max_length=12, default="system")
    operator_id = models.BigIntegerField(
        _("operator"), null=True, blank=True, help_text=_("Set while impersonating.")
    )
    action = models.CharField(_("action"), max_length=60)
    object_type = models.CharField(_("kind of object"), max_length=40, blank=True)
    object_id = models.CharField(_("object"), max_length=40, blank=True)
    data = models.JSONField(_("details"), default=dict, blank=True)
    request_id = models.CharField(max_length=64, blank=True)

    class Meta:
        verbose_name = _("audit event")
        verbose_name_plural = _("audit log")
        ordering = ("-id",)
        indexes = (models.Index(fields=("object_type", "object_id", "-id"), name="audit_event_object"),)

    def __str__(self) -> str:
        return self.action
