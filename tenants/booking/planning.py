"""One plan for everybody: what is shown, what is explained and what is booked ask the engine the same question."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final
from zoneinfo import ZoneInfo

from tenants.booking.loading import Scope, Situation
from tenants.booking.policy import Policy
from tenants.booking.restrictions import (
    CountedCap,
    DatedWindow,
    Need,
    Restrictions,
    Room,
    way_times,
)
from tenants.booking.slots import ONE_DAY, UTC, BusyTimes, Limits, Plan, Window, day_start, limits_for
from tenants.booking.special import Cap, Special, channel_of, policy_for
from tenants.services.offers import Offer

STAFF_MOMENT: Final = dt.timedelta(minutes=5)
"""So long after its beginning staff can still book a time: it was offered while they asked for the name."""

_MARGIN = 2 * ONE_DAY
"""How far around a visit special rules look: set-up, clean-up, ways, the rest of the working day."""


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks: by which rules, at which moment. `policy` is that of the service and channel."""

    special: Special
    policy: Policy
    channel: str
    for_staff: bool
    now: dt.datetime

    @classmethod
    def of(
        cls, *, special: Special, policy: Policy, channel: str, for_staff: bool, now: dt.datetime
    ) -> "Asking":
        """`policy` is the network's; an empty channel is the website's or the desk's."""
        used = channel_of(channel, for_staff=for_staff)
        return cls(
            special=special,
            policy=policy_for(policy, special, used) if special.overrides else policy,
            channel=used,
            for_staff=for_staff,
            now=now,
        )

    def caps_in(self, clinic_id: int) -> list[Cap]:
        """Return the limits that bind visits in this clinic."""
        return [cap for cap in self.special.caps if cap.binds(clinic_id=clinic_id, channel=self.channel)]

    def limits(self, zone: str) -> Limits:
        """Return when visits may begin; for staff, at any time that has not passed more than a moment ago."""
        if self.for_staff:
            since = self.now - STAFF_MOMENT
            latest = dt.datetime.max.replace(tzinfo=UTC)
            return Limits(now=since, earliest=since, latest=latest, offered_from=self.now)
        return limits_for(
            now=self.now,
            zone=zone,
            notice_minutes=self.policy.minimum_notice_minutes,
            horizon_days=self.policy.horizon_days,
        )

    def scope_of_days(self, first: dt.date, last: dt.date, *, clinic_ids: Sequence[int]) -> Scope:
        """Return what decides about visits that begin on the local dates `[first, last)` of any zone."""
        # A visit that begins on the last day may end after it; zones are at most a day away from UTC.
        return self._scope(
            clinic_ids,
            first=first - ONE_DAY,
            last=last if self.special.is_plain else last + ONE_DAY,
            since=dt.datetime.combine(first, dt.time(0), tzinfo=UTC) - ONE_DAY,
            until=dt.datetime.combine(last, dt.time(0), tzinfo=UTC) + 2 * ONE_DAY,
        )

    def scope_of_visit(
        self, starts_at: dt.datetime, length: dt.timedelta, *, clinic_id: int, zone: str
    ) -> Scope:
        """Return what decides about one visit: its own time only, where no special rule looks further."""
        day = starts_at.astimezone(ZoneInfo(zone)).date()
        margin = dt.timedelta() if self.special.is_plain else _MARGIN
        return self._scope(
            [clinic_id],
            first=day - ONE_DAY,
            last=day + (ONE_DAY if self.special.is_plain else 2 * ONE_DAY),
            since=starts_at - margin,
            until=starts_at + length + margin,
        )

    def _scope(
        self,
        clinic_ids: Sequence[int],
        *,
        first: dt.date,
        last: dt.date,
        since: dt.datetime,
        until: dt.datetime,
    ) -> Scope:
        own = [] if self.special.resource_id is None else [self.special.resource_id]
        members = (
            [member for clinic_id in clinic_ids for member in self.special.members_in(clinic_id)]
            if self.special.requirements
            else []
        )
        return Scope(
            resource_ids=sorted({*own, *(member.resource_id for member in members)}),
            windowed_ids=[*own, *(member.resource_id for member in members if member.is_limited)],
            first=first,
            last=last,
            since=since,
            until=until,
        )


def plan_for(
    offer: Offer,
    asking: Asking,
    situation: Situation,
    *,
    first: dt.date,
    last: dt.date,
    caps: tuple[CountedCap, ...] = (),
    busy: BusyTimes | None = None,
    length: dt.timedelta | None = None,
    in_use: frozenset[int] | None = None,
) -> Plan:
    """Return all that decides about visits of this offer that begin on the local dates `[first, last)`.

    `length` replaces the offer's, for a visit that keeps the length it was booked with; `busy` are the doctor's
    claims, when they are at hand; `in_use` are the rooms that are still in use, when that was asked.
    """
    special = asking.special
    resource_id = special.resource_id or 0
    minutes = offer.duration_minutes
    begin = day_start(first, offer.time_zone)  # a night shift goes on after midnight
    own = situation.windows.get(resource_id, ())
    plan = Plan(
        windows=[
            Window(starts_at, ends_at)
            for clinic_id, local_date, starts_at, ends_at in own
            if clinic_id == offer.clinic_id and ends_at > begin and local_date < last
        ],
        busy=situation.busy(resource_id) if busy is None else busy,
        limits=asking.limits(offer.time_zone),
        length=length or dt.timedelta(minutes=minutes),
        step=dt.timedelta(minutes=asking.policy.slot_step_minutes or minutes),
        on_grid=not asking.for_staff,
    )
    if special.is_plain:
        return plan
    return replace(
        plan, restrictions=_restrictions(offer, asking, situation, plan=plan, caps=caps, in_use=in_use)
    )


def _restrictions(
    offer: Offer,
    asking: Asking,
    situation: Situation,
    *,
    plan: Plan,
    caps: tuple[CountedCap, ...],
    in_use: frozenset[int] | None,
) -> Restrictions:
    special = asking.special
    resource_id = special.resource_id or 0
    elsewhere = (
        [
            (each.starts_at, each.ends_at, each.clinic_id)
            for each in situation.claims.get(resource_id, ())
            if each.kind != "blocked" and each.clinic_id not in {None, offer.clinic_id}
        ]
        if special.ways
        else []
    )
    return Restrictions(
        zone=offer.time_zone,
        today=asking.now.astimezone(ZoneInfo(offer.time_zone)).date(),
        length=plan.length,
        before=dt.timedelta(minutes=special.before_minutes),
        after=dt.timedelta(minutes=special.after_minutes),
        busy=plan.busy,
        ways=way_times(elsewhere, ways=special.ways_from(offer.clinic_id)),
        windows=[
            DatedWindow(starts_at, ends_at, local_date)
            for _clinic, local_date, starts_at, ends_at in situation.windows.get(resource_id, ())
        ],
        waves=() if asking.for_staff else special.waves,
        caps=caps,
        needs=_needs(offer.clinic_id, special, situation, in_use),
        breaks=special.breaks,
    )


def _needs(
    clinic_id: int, special: Special, situation: Situation, in_use: frozenset[int] | None
) -> tuple[Need, ...]:
    rooms = {
        member.resource_id: Room(
            member.resource_id,
            situation.busy(member.resource_id),
            [
                Window(window.starts_at, window.ends_at)
                for window in situation.windows.get(member.resource_id, ())
            ]
            if member.is_limited
            else None,
        )
        for member in special.members_in(clinic_id)
        if in_use is None or member.resource_id in in_use
    }
    return tuple(
        Need(
            requirement_id=requirement.id,
            setup=dt.timedelta(minutes=requirement.setup_minutes),
            cleanup=dt.timedelta(minutes=requirement.cleanup_minutes),
            rooms=tuple(
                rooms[member.resource_id] for member in requirement.members if member.resource_id in rooms
            ),
        )
        for requirement in special.requirements
    )
