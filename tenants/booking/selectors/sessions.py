"""Group sessions that still have seats."""

import datetime as dt

from django.db.models import F, QuerySet

from tenants.booking.models import GroupSession


def open_sessions(
    *,
    service_id: int | None = None,
    doctor_id: int | None = None,
    clinic_id: int | None = None,
    since: dt.datetime | None = None,
    until: dt.datetime | None = None,
    now: dt.datetime,
) -> QuerySet[GroupSession]:
    """Return the sessions with free seats that begin after now and within `[since, until)`, by instant."""
    rows = GroupSession.objects.filter(cancelled_at=None, taken__lt=F("capacity"), starts_at__gt=now)
    for name, value in (("service", service_id), ("doctor", doctor_id), ("clinic", clinic_id)):
        if value is not None:
            rows = rows.filter(**{name: value})
    if since is not None:
        rows = rows.filter(starts_at__gte=since)
    if until is not None:
        rows = rows.filter(starts_at__lt=until)
    return rows.select_related("doctor__user", "service", "clinic").order_by("starts_at", "pk")
