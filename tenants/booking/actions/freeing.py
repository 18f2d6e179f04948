"""Giving time back: claims that end, and telling the waiting list of it."""

import datetime as dt
from uuid import uuid4

from django.db.models import QuerySet
from psycopg2.extras import DateTimeTZRange

from tenants.booking import topics
from tenants.booking.gaps.store import rewrite_after_commit
from tenants.booking.models import Claim, ResourceKind, WaitlistEntry, WaitlistState
from tenants.outbox.actions import publish


def free_claims(claims: QuerySet[Claim]) -> int:
    """End these claims, in the caller's transaction; return how many were active."""
    active = claims.filter(active=True)
    spans = list(active.values_list("resource_id", "span"))
    if not spans:
        return 0
    rewrite_after_commit((resource_id, *bounds(span)) for resource_id, span in spans)
    return active.update(active=False)


def bounds(span: DateTimeTZRange) -> tuple[dt.datetime, dt.datetime]:
    """Return both ends of a claim's time, which a constraint keeps finite."""
    if span.lower is None or span.upper is None:
        raise AssertionError
    return span.lower, span.upper


def announce_freed(claims: QuerySet[Claim]) -> None:
    """Tell the waiting list, after the commit, that doctors have this time again; nobody waits, nothing is told."""
    if not WaitlistEntry.objects.filter(state=WaitlistState.WAITING).exists():
        return
    rows = claims.filter(resource__kind=ResourceKind.DOCTOR).values_list(
        "resource__doctor_id", "clinic_id", "span"
    )
    for doctor_id, clinic_id, span in rows:
        starts_at, ends_at = bounds(span)
        announce_time(doctor_id=doctor_id, clinic_id=clinic_id, starts_at=starts_at, ends_at=ends_at)


def announce_time(
    *, doctor_id: int, clinic_id: int | None, starts_at: dt.datetime, ends_at: dt.datetime
) -> None:
    """Publish that a doctor has `[starts_at, ends_at)` free again; news of time that has passed helps nobody."""
    publish(
        topics.TIME_FREED,
        aggregate_type=topics.DOCTOR,
        aggregate_id=str(doctor_id),
        version=1,
        payload={
            "doctor": doctor_id,
            "clinic": clinic_id,
            "starts_at": starts_at.isoformat(),
            "ends_at": ends_at.isoformat(),
        },
        dedup_key=f"freed:{uuid4()}",
        expires_at=starts_at,
    )
