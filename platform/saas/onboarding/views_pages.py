"""The public site's reading pages: landing, features, pricing, security."""

import datetime as dt

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from saas.billing.selectors import PlanOffer, currency_for, public_plans

_PICTURE_DAYS = 5
_FREE_TIMES = (0, 7, 12, 3, 0)


@require_safe
def landing(request: HttpRequest) -> HttpResponse:
    """The promise, the field that starts the sign-up, and the product as the picture."""
    return render(
        request, "saas/pages/landing.html", {"picture": _picture(timezone.localdate()), "plans": _plans()}
    )


@require_safe
def features(request: HttpRequest) -> HttpResponse:
    return render(request, "saas/pages/features.html", {"picture": _picture(timezone.localdate())})


@require_safe
def pricing(request: HttpRequest) -> HttpResponse:
    return render(request, "saas/pages/pricing.html", {"plans": _plans()})


@require_safe
def security(request: HttpRequest) -> HttpResponse:
    return render(request, "saas/pages/security.html")


def _plans() -> list[PlanOffer]:
    language = get_language() or "en"
    return public_plans(currency=currency_for(language), language=language)


def _picture(today: dt.date) -> dict[str, object]:
    """Days for the drawn booking card: a Monday to Friday ahead of today, so that the picture never looks stale."""
    monday = today + dt.timedelta(days=7 - today.weekday())
    days = [
        {"date": monday + dt.timedelta(days=offset), "count": count, "is_current": offset == 1}
        for offset, count in zip(range(_PICTURE_DAYS), _FREE_TIMES, strict=True)
    ]
    return {"days": days, "picked": monday + dt.timedelta(days=1)}
