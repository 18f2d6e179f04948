"""Who waits for a time, and what was offered to them."""

import datetime as dt
from collections.abc import Collection

from django.db.models import Prefetch, Q, QuerySet

from tenants.booking.models import OfferState, WaitlistEntry, WaitlistOffer, WaitlistState
from tenants.doctors.models import DoctorSpecialization

OPEN_STATES = (WaitlistState.WAITING, WaitlistState.OFFERED)


def waiting_entries(
    *, service_id: int | None = None, doctor_id: int | None = None, clinic_id: int | None = None
) -> QuerySet[WaitlistEntry]:
    """Return who waits or has an offer, as the desk lists them: the most urgent first, then the longest wait.

    With `doctor_id` or `clinic_id` also those who would take any. Two queries, whatever the number of rows.
    """
    rows = WaitlistEntry.objects.filter(state__in=OPEN_STATES)
    if service_id is not None:
        rows = rows.filter(service=service_id)
    if doctor_id is not None:
        rows = rows.filter(Q(doctor=doctor_id) | Q(doctor=None))
    if clinic_id is not None:
        rows = rows.filter(Q(clinic=clinic_id) | Q(clinic=None))
    offers = WaitlistOffer.objects.filter(state=OfferState.OPEN).select_related("hold")
    return (
        rows.select_related("patient", "service", "doctor__user", "clinic", "appointment")
        .prefetch_related(Prefetch("offers", queryset=offers, to_attr="open_offers"))
        .order_by("-urgency", "created_at", "pk")
    )


def candidates(
    *, doctor_id: int, service_ids: Collection[int], clinic_ids: Collection[int], day: dt.date
) -> list[WaitlistEntry]:
    """Return who may want a time of this doctor around a local date, in no order; hours are not looked at."""
    fields = DoctorSpecialization.objects.filter(doctor=doctor_id).values("specialization")
    rows = WaitlistEntry.objects.filter(
        Q(doctor=doctor_id) | Q(doctor=None),
        Q(clinic__in=clinic_ids) | Q(clinic=None),
        Q(specialization__in=fields) | Q(specialization=None),
        state=WaitlistState.WAITING,
        service__in=service_ids,
        earliest__lte=day + dt.timedelta(days=1),
        latest__gte=day - dt.timedelta(days=1),
    )
    return list(rows.select_related("appointment"))


def fairness_log(*, since: dt.datetime, until: dt.datetime) -> QuerySet[WaitlistOffer]:
    """Return the offers made within `[since, until)`, the latest first; `ranking` on each says why."""
    return (
        WaitlistOffer.objects.filter(created_at__gte=since, created_at__lt=until)
        .select_related("entry__patient", "entry__service", "hold__doctor__user")
        .order_by("-created_at", "-pk")
    )
