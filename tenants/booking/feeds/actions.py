"""Private calendar addresses: made for one doctor or one patient, shown once, kept as a hash, revocable."""

import re
import secrets
from datetime import datetime
from hashlib import sha256
from typing import Final

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from saas.core.errors import NotFound, TooMany
from tenants.audit.actions import Actor, record
from tenants.booking.models import CalendarFeed

TOKEN_PREFIX: Final = "cal_"  # noqa: S105 - marks our tokens for people and secret scanners
MOST_FEEDS: Final = 10
"""Live addresses of one person: one for each device, and some that were forgotten."""

_TOKEN: Final = re.compile(r"^cal_[A-Za-z0-9_-]{43}$")
_FIND: Final = """
WITH noted AS (
  UPDATE booking_calendarfeed SET last_used_on = %(today)s
  WHERE token_hash = %(hash)s AND last_used_on IS DISTINCT FROM %(today)s AND revoked_at IS NULL
)
SELECT * FROM booking_calendarfeed WHERE token_hash = %(hash)s AND revoked_at IS NULL
"""


class TooManyFeeds(TooMany):
    """The person has as many live addresses as anybody needs."""

    code = "too_many_feeds"
    message = _("Revoke a calendar link that is not used any more first.")


def create_feed(
    *, doctor_id: int | None = None, patient_id: int | None = None, actor: Actor
) -> tuple[CalendarFeed, str]:
    """Make a calendar address of one doctor or one patient; return it with its path, which cannot be had again.

    The caller has checked that the actor may. Raises TooManyFeeds.
    """
    if (doctor_id is None) == (patient_id is None):
        raise ValueError("a feed is of one doctor or of one patient")
    secret = TOKEN_PREFIX + secrets.token_urlsafe(32)
    with transaction.atomic():
        live = CalendarFeed.objects.filter(doctor=doctor_id, patient=patient_id, revoked_at=None)
        if live.count() >= MOST_FEEDS:
            raise TooManyFeeds
        feed = CalendarFeed.objects.create(
            doctor_id=doctor_id, patient_id=patient_id, token_hash=_hash(secret)
        )
        record("calendar_feed.created", actor=actor, on=feed, data=_whose(feed))
    return feed, feed_path(secret)


def revoke_feed(
    *,
    feed_id: int,
    doctor_id: int | None = None,
    patient_id: int | None = None,
    actor: Actor,
    now: datetime,
) -> CalendarFeed:
    """Make an address useless at once; again is no change. Locks its row.

    With `doctor_id` or `patient_id` only theirs is found. Raises NotFound.
    """
    with transaction.atomic():
        rows = CalendarFeed.objects.select_for_update().filter(pk=feed_id)
        if doctor_id is not None:
            rows = rows.filter(doctor=doctor_id)
        if patient_id is not None:
            rows = rows.filter(patient=patient_id)
        feed = rows.first()
        if feed is None:
            raise NotFound
        if feed.revoked_at is None:
            feed.revoked_at = now
            feed.save(update_fields=["revoked_at"])
            record("calendar_feed.revoked", actor=actor, on=feed, data=_whose(feed))
    return feed


def find_feed(secret: str, *, now: datetime) -> CalendarFeed | None:
    """Return the live feed with this secret, or None: unknown here and revoked look the same.

    Notes the day of use in the same statement; only the first use of a day writes.
    """
    if not _TOKEN.match(secret):
        return None
    params = {"hash": _hash(secret), "today": now.date()}
    return next(iter(CalendarFeed.objects.raw(_FIND, params)), None)


def feed_path(secret: str) -> str:
    """Return the path of the calendar on the network's host; whoever has it can read the calendar."""
    return f"/calendar/{secret}.ics"


def _whose(feed: CalendarFeed) -> dict[str, int | None]:
    return {"doctor": feed.doctor_id, "patient": feed.patient_id}


def _hash(secret: str) -> str:
    """A plain hash is enough: the secret has 256 random bits."""
    return sha256(secret.encode()).hexdigest()
