"""What the public site shows of the plans."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from django.utils import translation
from django.utils.translation import gettext, ngettext

from saas.billing.models import Plan
from saas.networks.context import public_context

TRIAL: Final = "trial"
"""Code of the plan that every network starts with."""

_CURRENCY_OF_LANGUAGE: Final = {"ru": "RUB", "en": "EUR"}


@dataclass(frozen=True, slots=True)
class PlanOffer:
    """A plan as a visitor sees it: `price` for a month in `currency`, texts in one language."""

    code: str
    name: str
    summary: str
    price: Decimal
    currency: str
    per: str
    features: list[str]
    limits: list[str]
    trial_days: int
    highlighted: bool


def currency_for(language: str) -> str:
    """Return the currency in which a visitor who reads `language` is shown prices."""
    return _CURRENCY_OF_LANGUAGE.get(language, "EUR")


def public_plans(*, currency: str, language: str) -> list[PlanOffer]:
    """Return the plans on sale in `currency`, in order, worded in `language`. Two queries."""
    with public_context():
        plans = list(
            Plan.objects.filter(is_public=True, prices__currency=currency)
            .prefetch_related("prices")
            .distinct()
        )
    with translation.override(language):
        return [_offer(plan, currency=currency, language=language) for plan in plans]


def is_plan_on_sale(code: str) -> bool:
    """Return whether a visitor may ask for this plan at sign-up."""
    with public_context():
        return Plan.objects.filter(code=code, is_public=True).exists()


def _offer(plan: Plan, *, currency: str, language: str) -> PlanOffer:
    russian = language == "ru"
    price = next(price for price in plan.prices.all() if price.currency == currency)
    return PlanOffer(
        code=plan.code,
        name=plan.name_ru if russian else plan.name_en,
        summary=plan.summary_ru if russian else plan.summary_en,
        price=price.amount_per_month,
        currency=currency,
        per=gettext("per month"),
        features=[
            line.strip()
            for line in (plan.features_ru if russian else plan.features_en).splitlines()
            if line.strip()
        ],
        limits=[_clinics(plan.max_clinics), _doctors(plan.max_doctors)],
        trial_days=plan.trial_days,
        highlighted=plan.is_highlighted,
    )


def _clinics(count: int | None) -> str:
    if count is None:
        return gettext("any number of clinics")
    return ngettext("%(count)d clinic", "up to %(count)d clinics", count) % {"count": count}


def _doctors(count: int | None) -> str:
    if count is None:
        return gettext("any number of doctors")
    return ngettext("%(count)d doctor", "up to %(count)d doctors", count) % {"count": count}
