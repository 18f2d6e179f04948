"""Getting into a group session: its seats, the time until which one can, and the limits of visits.

A seat is taken by one conditional UPDATE, and the CHECK constraint on the row has the last word, so that exactly as
many get in as there are seats. Limits are locked after the session, in id order, as after resources elsewhere.
"""

import datetime as dt
from collections.abc import Callable
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db.models import F

from tenants.booking.actions.placing import offered
from tenants.booking.counting import count_caps, lock_caps
from tenants.booking.errors import BeyondHorizon, CapReached, SlotInPast, TooLateToBook
from tenants.booking.models import GroupSession
from tenants.booking.offer_cache import special_of
from tenants.booking.planning import Asking
from tenants.booking.policy import current_policy
from tenants.booking.reservation_errors import SessionFull, SessionOver
from tenants.booking.restrictions import Restrictions
from tenants.booking.selectors.sessions import open_sessions
from tenants.booking.slots import ONE_DAY, Reason
from tenants.booking.special import Cap
from tenants.services.offers import Offer

ALTERNATIVES: Final = 3
_LOOKED_AT: Final = 60


def admit(
    session: GroupSession,
    *,
    channel: str,
    now: dt.datetime,
    for_staff: bool,
    moving: int | None = None,
) -> tuple[Offer, Asking]:
    """Take a seat for one more visit, in the caller's transaction; return the offer and by which rules it was asked.

    `channel` is the visit's source; `moving` is a visit of the network already, which no limit counts twice. Locks
    the session, then the limits. Raises SessionFull and CapReached (both with other sessions), SessionOver,
    SlotInPast, TooLateToBook, BeyondHorizon, ServiceNotOffered.
    """
    policy = current_policy()
    offer = offered(
        doctor_id=session.doctor_id,
        service_id=session.service_id,
        clinic_id=session.clinic_id,
        starts_at=session.starts_at,
        policy=policy,
        now=now,
    )
    asking = Asking.of(
        special=special_of(doctor_id=session.doctor_id, service_id=session.service_id),
        policy=policy,
        channel=channel,
        for_staff=for_staff,
        now=now,
    )
    _require_in_time(session, asking, zone=offer.time_zone)
    _count_in(session, now=now)
    _require_under_limits(session, asking, zone=offer.time_zone, moving=moving)
    return offer, asking


def _require_in_time(session: GroupSession, asking: Asking, *, zone: str) -> None:
    reason = asking.limits(zone).refusal(session.starts_at)
    if reason is Reason.IN_PAST:
        raise SlotInPast
    if reason is Reason.TOO_LATE:
        raise TooLateToBook(params={"minutes": asking.policy.minimum_notice_minutes})
    if reason is Reason.BEYOND_HORIZON:
        raise BeyondHorizon(params={"days": asking.policy.horizon_days})


def _count_in(session: GroupSession, *, now: dt.datetime) -> None:
    """Take a seat, or say why there is none."""
    seats = GroupSession.objects.filter(pk=session.pk, cancelled_at=None, taken__lt=F("capacity"))
    if seats.update(taken=F("taken") + 1):
        return
    if GroupSession.objects.filter(pk=session.pk, cancelled_at=None).exists():
        raise SessionFull(params={"alternatives": _other_sessions(session, now=now)})
    raise SessionOver


def _require_under_limits(session: GroupSession, asking: Asking, *, zone: str, moving: int | None) -> None:
    caps = asking.caps_in(session.clinic_id)
    if not caps:
        return
    day = session.starts_at.astimezone(ZoneInfo(zone)).date()
    last = day + ONE_DAY
    rules = Restrictions(
        zone=zone,
        today=asking.now.astimezone(ZoneInfo(zone)).date(),
        length=session.ends_at - session.starts_at,
        caps=count_caps(lock_caps(caps), zone=zone, first=day, last=last, moving=moving),
    )
    cap = rules.reached_cap(session.starts_at)
    if cap is not None:
        raise CapReached(
            params={"most": cap.most, "period": cap.period},
            find_alternatives=_finder_beyond(cap, session, zone=zone, now=asking.now),
        )


def _finder_beyond(
    cap: Cap, session: GroupSession, *, zone: str, now: dt.datetime
) -> Callable[[], list[dict[str, Any]]]:
    """Return what finds sessions of other days (weeks), on which this limit is not reached yet by these visits."""
    tzinfo = ZoneInfo(zone)
    full = cap.period_of(session.starts_at.astimezone(tzinfo).date())

    def find() -> list[dict[str, Any]]:
        return _other_sessions(
            session,
            now=now,
            fits=lambda other: cap.period_of(other.starts_at.astimezone(tzinfo).date()) != full,
        )

    return find


def _other_sessions(
    session: GroupSession, *, now: dt.datetime, fits: Callable[[GroupSession], bool] = lambda _other: True
) -> list[dict[str, Any]]:
    """Return the next sessions of the service with seats: `session`, `starts_at` in UTC, `free`."""
    others = open_sessions(service_id=session.service_id, now=now).exclude(pk=session.pk)[:_LOOKED_AT]
    return [
        {
            "session": str(other.public_id),
            "starts_at": other.starts_at.isoformat().replace("+00:00", "Z"),
            "free": other.capacity - other.taken,
        }
        for other in others
        if fits(other)
    ][:ALTERNATIVES]
