"""The rules of the waiting list: who fits a time, who comes first, how long an offer stands. Reads no database."""

import datetime as dt
from dataclasses import dataclass
from typing import Any, Final
from zoneinfo import ZoneInfo

from tenants.booking.models import WaitlistEntry
from tenants.booking.selectors.values import Slot

OFFER_MINUTES: Final = 30
"""How long an offer stands, quiet hours not counted."""

QUIET_FROM: Final = dt.time(21)
QUIET_UNTIL: Final = dt.time(9)
"""The clinic's night: nobody has to answer then."""

SHORTEST: Final = dt.timedelta(minutes=10)
"""An offer that would have to be answered faster is not made."""

TURN: Final = dt.timedelta(days=1)
"""By how much each offer made before puts an entry back behind those who had none."""

_NAMED_DOCTOR, _NAMED_CLINIC, _WHOLE_TIME = 4, 2, 1


@dataclass(frozen=True, slots=True)
class Rank:
    """Why an entry stands where it stands; smaller comes first."""

    urgency: int
    fit: int
    waiting_since: dt.datetime
    offers_made: int
    entry_id: int

    @property
    def key(self) -> tuple[int, int, dt.datetime, int]:
        return (-self.urgency, -self.fit, self.waiting_since + self.offers_made * TURN, self.entry_id)

    def log(self, *, place: int, of: int, passed_over: list[dict[str, Any]]) -> dict[str, Any]:
        """Return what `WaitlistOffer.ranking` keeps: the facts, and who stood before and why not them."""
        return {
            "urgency": self.urgency,
            "fit": self.fit,
            "waiting_since": self.waiting_since.isoformat(),
            "offers_made": self.offers_made,
            "place": place,
            "of": of,
            "passed_over": passed_over,
        }


def rank_of(entry: WaitlistEntry, *, slot_fills_time: bool) -> Rank:
    """Return the entry's rank: urgency, then fit, then waiting since, with a day's delay for every offer made."""
    fit = (
        _NAMED_DOCTOR * (entry.doctor_id is not None)
        + _NAMED_CLINIC * (entry.clinic_id is not None)
        + _WHOLE_TIME * slot_fills_time
    )
    return Rank(
        urgency=entry.urgency,
        fit=fit,
        waiting_since=entry.created_at,
        offers_made=entry.offers_made,
        entry_id=entry.pk,
    )


def wants(entry: WaitlistEntry, slot: Slot) -> bool:
    """Return whether the day and the hour of a free time are among those wished for, on the clinic's clock."""
    local = slot.starts_at.astimezone(ZoneInfo(slot.time_zone))
    if not entry.earliest <= local.date() <= entry.latest:
        return False
    if entry.weekdays and local.weekday() not in entry.weekdays:
        return False
    if entry.from_time is not None and local.time() < entry.from_time:
        return False
    return entry.until_time is None or local.time() <= entry.until_time


def offer_until(
    *, now: dt.datetime, zone: str, last_moment: dt.datetime, minutes: int = OFFER_MINUTES
) -> dt.datetime | None:
    """Return until when an offer made now stands: `minutes` outside the clinic's night, `last_moment` at the latest.

    None when there is too little time to answer.
    """
    begins_at = now
    if _is_quiet(now, zone):
        begins_at = _next_morning(now, zone)
    until = begins_at + dt.timedelta(minutes=minutes)
    night = _evening_of(begins_at, zone)
    if until > night:
        until = _next_morning(night, zone) + (until - night)
    until = min(until, last_moment)
    return until if until - now >= SHORTEST else None


def _is_quiet(instant: dt.datetime, zone: str) -> bool:
    clock = instant.astimezone(ZoneInfo(zone)).time()
    return clock >= QUIET_FROM or clock < QUIET_UNTIL


def _next_morning(instant: dt.datetime, zone: str) -> dt.datetime:
    local = instant.astimezone(ZoneInfo(zone))
    day = local.date() + dt.timedelta(days=1 if local.time() >= QUIET_UNTIL else 0)
    return dt.datetime.combine(day, QUIET_UNTIL, tzinfo=ZoneInfo(zone)).astimezone(dt.UTC)


def _evening_of(instant: dt.datetime, zone: str) -> dt.datetime:
    day = instant.astimezone(ZoneInfo(zone)).date()
    return dt.datetime.combine(day, QUIET_FROM, tzinfo=ZoneInfo(zone)).astimezone(dt.UTC)
