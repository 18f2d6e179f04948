"""Networks, their addresses and what the platform records of them. All of it lives in the public schema."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _
from django_tenants.models import DomainMixin, TenantMixin

from saas.networks.context import NetworkRef
from saas.networks.lifecycle import NetworkState

if TYPE_CHECKING:
    from django_stubs_ext.db.models.manager import RelatedManager


class Network(TenantMixin):
    """A customer of the platform. Its schema is `t_<id>`, whatever it is called.

    The schema is made and dropped by `saas.networks.actions`, never by saving or deleting this row.
    """

    auto_create_schema = False
    auto_drop_schema = False

    slug = models.CharField(_("address"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=200)
    state = models.CharField(
        _("state"),
        max_length=20,
        choices=NetworkState.choices,
        default=NetworkState.PROVISIONING,
        db_index=True,
    )
    state_reason = models.CharField(_("reason of the state"), max_length=300, blank=True)
    plan_code = models.SlugField(_("plan"), max_length=40, default="trial")
    language = models.CharField(_("language"), max_length=10, default="ru")
    country = models.CharField(_("country"), max_length=2, default="RU")
    currency = models.CharField(_("currency"), max_length=3, default="RUB")
    time_zone = models.CharField(_("time zone"), max_length=64, default="Europe/Moscow")
    owner_email = models.EmailField(_("owner's e-mail"))
    is_canary = models.BooleanField(_("canary"), default=False, help_text=_("Migrated before the others."))
    trial_ends_at = models.DateTimeField(_("trial ends"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    provisioning_stage = models.CharField(_("provisioning stage"), max_length=40, blank=True)
    provisioning_error = models.CharField(_("provisioning error"), max_length=500, blank=True)
    provisioned_at = models.DateTimeField(_("provisioned"), null=True, blank=True)
    schema_head = models.CharField(_("schema version"), max_length=64, blank=True)
    migrated_at = models.DateTimeField(_("migrated"), null=True, blank=True)
    migration_error = models.CharField(_("migration error"), max_length=1000, blank=True)
    usage = models.JSONField(_("usage"), default=dict, blank=True)
    usage_at = models.DateTimeField(_("usage counted"), null=True, blank=True)

    domains: RelatedManager[Domain]

    class Meta:
        verbose_name = _("network")
        verbose_name_plural = _("networks")
        ordering = ("-created_at", "-id")
        constraints = (
            models.CheckConstraint(
                condition=Q(schema_name__startswith="t_"), name="networks_network_schema_name"
            ),
            models.CheckConstraint(condition=Q(slug=Lower("slug")), name="networks_network_slug_lower"),
        )

    def __str__(self) -> str:
        return self.name

    def ref(self, *, primary_host: str) -> NetworkRef:
        """Return the value that travels with a request or a task."""
        return NetworkRef(
            id=self.pk,
            schema_name=self.schema_name,
            slug=self.slug,
            name=self.name,
            state=self.state,
            primary_host=primary_host,
            language=self.language,
        )


class Domain(DomainMixin):
    """A host name that leads to a network, stored in the form of `hosts.normalise_host`."""

    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("domain")
        verbose_name_plural = _("domains")
        constraints = (
            models.CheckConstraint(condition=Q(domain=Lower("domain")), name="networks_domain_lower"),
            models.UniqueConstraint(
                fields=("tenant",), condition=Q(is_primary=True), name="networks_domain_one_primary"
            ),
        )

    def __str__(self) -> str:
        return str(self.domain)


class RetiredSlug(models.Model):
    """An address that a deleted network gave up; nobody may take it before `free_at`."""

    slug = models.CharField(max_length=40, unique=True)
    free_at = models.DateTimeField()

    class Meta:
        verbose_name = _("retired address")
        verbose_name_plural = _("retired addresses")

    def __str__(self) -> str:
        return self.slug


class SpareSchema(models.Model):
    """A schema made ahead of time from the template, waiting to be renamed for the next sign-up."""

    schema_name = models.CharField(max_length=63, unique=True)
    schema_head = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("spare schema")
        verbose_name_plural = _("spare schemas")

    def __str__(self) -> str:
        return self.schema_name


class HandoverGrant(models.Model):
    """A one-time right to be signed in to a network without a password there.

    Only the SHA-256 of the token is stored. Two kinds: the owner coming from the public site, and an operator
    who impersonates, with a reason and for a limited time.
    """

    class Kind(models.TextChoices):
        OWNER = "owner", _("owner's log-in")
        OPERATOR = "operator", _("operator's visit")

    token_hash = models.CharField(max_length=64, unique=True)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    network = models.ForeignKey(Network, on_delete=models.CASCADE, related_name="+")
    issued_to_id = models.BigIntegerField(help_text=_("User in the public schema."))
    email = models.EmailField()
    reason = models.CharField(max_length=300, blank=True)
    next_path = models.CharField(max_length=300, default="/")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("hand-over")
        verbose_name_plural = _("hand-overs")
        constraints = (
            models.CheckConstraint(
                condition=~Q(kind="operator") | ~Q(reason=""), name="networks_handovergrant_operator_reason"
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} #{self.pk}"


class PlatformEvent(models.Model):
    """What somebody did to a network on the platform's side. Written, never changed."""

    at = models.DateTimeField(_("when"), auto_now_add=True)
    actor_id = models.BigIntegerField(
        _("who"), null=True, blank=True, help_text=_("User in the public schema; empty: the system.")
    )
    action = models.CharField(_("action"), max_length=60)
    network = models.ForeignKey(
        Network, null=True, blank=True, on_delete=models.SET_NULL, related_name="events"
    )
    data = models.JSONField(_("details"), default=dict, blank=True)
    request_id = models.CharField(max_length=64, blank=True)

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        ordering = ("-id",)

    def __str__(self) -> str:
        return self.action
