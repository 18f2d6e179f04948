"""Plans: what the platform sells. Operators change prices in the console; nothing about them is in code."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_stubs_ext.db.models.manager import RelatedManager


class Plan(models.Model):
    """A plan, in the platform's languages. `Network.plan_code` names it; a plan that was sold is hidden, not deleted.

    Limits are ceilings; empty means none. Features are texts, one a line.
    """

    code = models.SlugField(_("code"), max_length=40, unique=True)
    name_en = models.CharField(_("name (English)"), max_length=80)
    name_ru = models.CharField(_("name (Russian)"), max_length=80)
    summary_en = models.CharField(_("for whom (English)"), max_length=200, blank=True)
    summary_ru = models.CharField(_("for whom (Russian)"), max_length=200, blank=True)
    features_en = models.TextField(_("features (English)"), blank=True, help_text=_("One a line."))
    features_ru = models.TextField(_("features (Russian)"), blank=True, help_text=_("One a line."))
    max_clinics = models.PositiveIntegerField(_("clinics, at most"), null=True, blank=True)
    max_doctors = models.PositiveIntegerField(_("doctors, at most"), null=True, blank=True)
    trial_days = models.PositiveSmallIntegerField(_("free days"), default=0)
    order = models.PositiveSmallIntegerField(_("order"), default=0)
    is_public = models.BooleanField(_("shown on the public site"), default=True)
    is_highlighted = models.BooleanField(_("highlighted"), default=False)

    prices: RelatedManager[PlanPrice]

    class Meta:
        verbose_name = _("plan")
        verbose_name_plural = _("plans")
        ordering = ("order", "id")

    def __str__(self) -> str:
        return self.name_en


class PlanPrice(models.Model):
    """What a plan costs for a month in one currency. Zero is free; no row: not sold in that currency."""

    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="prices")
    currency = models.CharField(
        _("currency"),
        max_length=3,
        validators=[RegexValidator(r"^[A-Z]{3}$", _("Three capital letters, such as EUR."))],
    )
    amount_per_month = models.DecimalField(
        _("price for a month"), max_digits=10, decimal_places=2, validators=[MinValueValidator(Decimal(0))]
    )

    class Meta:
        verbose_name = _("price of a plan")
        verbose_name_plural = _("prices of plans")
        ordering = ("plan", "currency")
        constraints = (
            models.UniqueConstraint(fields=("plan", "currency"), name="billing_planprice_once"),
            models.CheckConstraint(
                condition=Q(amount_per_month__gte=0), name="billing_planprice_not_negative"
            ),
        )

    def __str__(self) -> str:
        return f"{self.amount_per_month} {self.currency}"
