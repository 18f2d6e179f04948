"""Which times are kept for whom right now, by the database's clock."""

import datetime as dt

from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Now

from tenants.booking.models import Claim, Hold, HoldPurpose


def live_holds(holder: str | None = None) -> QuerySet[Hold]:
    """Return the holds in force; with `holder`, the form holds of that one, the latest first."""
    live = Hold.objects.filter(
        Exists(Claim.objects.filter(hold=OuterRef("pk"), active=True)), expires_at__gt=Now()
    )
    if holder is None:
        return live
    return live.filter(purpose=HoldPurpose.FORM, holder__startswith=f"{holder}@").order_by("-pk")


def held_by(
    holder: str, *, doctor_id: int, service_id: int, clinic_id: int, starts_at: dt.datetime
) -> Hold | None:
    """Return the form hold with which `holder` keeps exactly this visit; None when there is none in force."""
    found = live_holds(holder).filter(
        doctor=doctor_id, service=service_id, clinic=clinic_id, starts_at=starts_at
    )
    return found.first()
