"""Tokens with which programs speak to this network's API."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class ApiScope(models.TextChoices):
    CATALOGUE_READ = "catalogue:read", _("read the catalogue and free times")
    APPOINTMENTS_READ = "appointments:read", _("read appointments")
    APPOINTMENTS_WRITE = "appointments:write", _("book, approve, move and cancel")
    REVIEWS_WRITE = "reviews:write", _("write reviews")


class ApiToken(models.Model):
    """A token of this network. Only its SHA-256 is stored; `prefix` is shown so that people can tell tokens apart."""

    name = models.CharField(_("name"), max_length=100)
    prefix = models.CharField(_("begins with"), max_length=12)
    token_hash = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(_("may"), default=list)
    created_by_id = models.BigIntegerField(null=True, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    last_used_on = models.DateField(_("last used"), null=True, blank=True)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"
