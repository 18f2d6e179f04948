"""Finding a place for a visit under the lock: the part that booking and moving share."""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from saas.core.errors import DomainError
from tenants.booking.counting import count_caps, lock_caps
from tenants.booking.errors import (
    BeyondHorizon,
    CapReached,
    NoRoomFree,
    NoTimeForBreak,
    NotReleased,
    NotWorking,
    OnTheWay,
    OverbookForbidden,
    PatientNotFound,
    ServiceNotOffered,
    SlotInPast,
    SlotMisaligned,
    SlotTaken,
    TooLateToBook,
    VisitTooLong,
)
from tenants.booking.gaps.store import rewrite_around
from tenants.booking.loading import Ended, end_claims, lock_situation
from tenants.booking.models import Claim
from tenants.booking.offer_cache import special_of
from tenants.booking.planning import Asking, plan_for
from tenants.booking.policy import Policy
from tenants.booking.restrictions import Restrictions, choose_rooms
from tenants.booking.selectors.slots_of_day import nearest_slots
from tenants.booking.selectors.verdict import find_offer, out_of_reach, params_of, unknown_part, verdict_of
from tenants.booking.slots import ONE_DAY, Plan, Reason, examine
from tenants.booking.special import Special
from tenants.services.offers import Offer, OfferPeriod

ALTERNATIVES: Final = 3

_REFUSALS: Final[dict[Reason, type[DomainError]]] = {
    Reason.IN_PAST: SlotInPast,
    Reason.TOO_LATE: TooLateToBook,
    Reason.BEYOND_HORIZON: BeyondHorizon,
    Reason.NOT_WORKING: NotWorking,
    Reason.BREAK: NotWorking,
    Reason.MISALIGNED: SlotMisaligned,
    Reason.TOO_LONG: VisitTooLong,
}
_RACES: Final[dict[Reason, type[SlotTaken]]] = {
    Reason.TAKEN: SlotTaken,
    Reason.BLOCKED: SlotTaken,
    Reason.NOT_RELEASED: NotReleased,
    Reason.CAP_REACHED: CapReached,
    Reason.ON_THE_WAY: OnTheWay,
    Reason.NO_ROOM: NoRoomFree,
    Reason.NO_TIME_FOR_BREAK: NoTimeForBreak,
}
"""What a rival's booking can cause: a conflict with alternatives."""

OVERBOOKABLE: Final = frozenset(
    {Reason.TAKEN, Reason.CAP_REACHED, Reason.ON_THE_WAY, Reason.NO_ROOM, Reason.NO_TIME_FOR_BREAK}
)
"""What staff may do in spite of, with a reason. Working time, blocks and the past they may not."""


@dataclass(frozen=True, slots=True)
class Span:
    """The interval `[starts_at, ends_at)` in which one locked resource will be busy.

    With `overbook` it lies on top of what is there and takes no time away.
    """

    resource_id: int
    starts_at: dt.datetime
    ends_at: dt.datetime
    overbook: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """Where a visit goes: what it keeps busy, the doctor first, and the visit's own interval.

    With `overbook` a rule was broken on purpose; each span says whether it lies on top of others.
    """

    spans: tuple[Span, ...]
    starts_at: dt.datetime
    ends_at: dt.datetime
    overbook: bool = False


def offered(
    *,
    doctor_id: int,
    service_id: int,
    clinic_id: int,
    starts_at: dt.datetime,
    policy: Policy,
    now: dt.datetime,
    periods: list[OfferPeriod] | None = None,
) -> Offer:
    """Return the offer of that day. Raises ServiceNotOffered, whose code names an unknown id.

    `periods` are the offers of this doctor and service, when they are at hand.
    Raises ValidationError for an instant without a zone, SlotInPast or BeyondHorizon for one years away.
    """
    if starts_at.tzinfo is None:
        raise ValidationError(
            {"starts_at": ValidationError(_("Say the time with its UTC offset."), code="naive")}
        )
    far = out_of_reach(starts_at, now)
    if far is not None:
        raise _refusal(far, policy)
    offer = find_offer(
        doctor_id=doctor_id, service_id=service_id, clinic_id=clinic_id, starts_at=starts_at, periods=periods
    )
    if offer is None:
        raise ServiceNotOffered(
            code=unknown_part(doctor_id=doctor_id, service_id=service_id, clinic_id=clinic_id)
        )
    return offer


def lock_place(
    offer: Offer,
    *,
    starts_at: dt.datetime,
    length: dt.timedelta,
    patient_id: int | None,
    policy: Policy,
    now: dt.datetime,
    for_staff: bool,
    moving: int | None = None,
    overbook: bool = False,
    hold_id: int | None = None,
    channel: str = "",
    special: Special | None = None,
) -> Place:
    """Lock the doctor with every room and device that may serve, in id order, and let the engine decide.

    One round trip where no room, limit or hold that has ended matters: the locks, then windows and claims. Limits
    of visits are locked after the resources, in id order, and counted then.

    `length` may differ from the offer's for a visit that is moved (`moving`: its id, whose own claims are not in
    the way). Nor are those of the caller's own hold, `hold_id`, which ends here; the time that it keeps is not too
    late. Without `patient_id` nobody is to come yet. `special` are the special rules, when they are at hand. With
    `overbook` staff break the rules in `OVERBOOKABLE` on purpose; what is free is claimed as ever, only what is
    taken is put on top.

    Raises SlotTaken and its kin NotReleased, CapReached, OnTheWay, NoRoomFree, NoTimeForBreak (all with a finder of
    alternatives), SlotInPast, TooLateToBook, BeyondHorizon, NotWorking, SlotMisaligned, VisitTooLong,
    PatientNotFound, ServiceNotOffered for a doctor who is gone, OverbookForbidden.
    """
    if overbook and not for_staff:
        raise OverbookForbidden
    if special is None:
        special = special_of(doctor_id=offer.doctor_id, service_id=offer.service_id)
    asking = Asking.of(special=special, policy=policy, channel=channel, for_staff=for_staff, now=now)
    scope = asking.scope_of_visit(starts_at, length, clinic_id=offer.clinic_id, zone=offer.time_zone)
    situation = lock_situation(scope, patient_id=patient_id, moving=moving, hold_id=hold_id)
    if special.resource_id is None or special.resource_id not in situation.versions:
        raise ServiceNotOffered(code="doctor_unknown")
    if patient_id is not None and not situation.has_patient:
        raise PatientNotFound
    caps = asking.caps_in(offer.clinic_id)
    if caps:
        caps = lock_caps(caps)
    day = starts_at.astimezone(ZoneInfo(offer.time_zone)).date()
    plan = plan_for(
        offer,
        asking,
        situation,
        first=day,
        last=day + ONE_DAY,
        caps=count_caps(
            caps, zone=offer.time_zone, first=day, last=day + ONE_DAY, moving=moving, hold_id=hold_id
        ),
        length=length,
        in_use=situation.in_use,
    )
    reason = examine(plan, starts_at)
    if reason is Reason.TOO_LATE and _is_held(hold_id, offer, starts_at):  # it was in time when it was held
        reason = examine(plan, starts_at, ignoring=frozenset({Reason.TOO_LATE}))
    is_on_top = overbook and reason in OVERBOOKABLE
    if is_on_top:
        reason = examine(plan, starts_at, ignoring=OVERBOOKABLE)
    if reason is not None:
        finder = alternatives_finder(offer, around=starts_at, now=now, for_staff=for_staff, channel=channel)
        raise _refusal(
            reason, asking.policy, params=params_of(reason, plan, starts_at), find_alternatives=finder
        )
    place = Place(
        spans=_spans(
            plan, special.resource_id, starts_at, asking=asking, offer=offer, finder_channel=channel
        ),
        starts_at=starts_at,
        ends_at=starts_at + length,
        overbook=is_on_top,
    )
    _put_away(situation.ended, place, plan)
    return place


def _is_held(hold_id: int | None, offer: Offer, starts_at: dt.datetime) -> bool:
    """Whether the caller's own hold still keeps this very visit, by the database's clock."""
    if hold_id is None:
        return False
    held = Claim.objects.filter(
        hold=hold_id,
        hold__doctor=offer.doctor_id,
        hold__service=offer.service_id,
        hold__clinic=offer.clinic_id,
        hold__starts_at=starts_at,
    )
    return held.filter(active=True, expires_at__gt=Now()).exists()


def _spans(
    plan: Plan,
    resource_id: int,
    starts_at: dt.datetime,
    *,
    asking: Asking,
    offer: Offer,
    finder_channel: str,
) -> tuple[Span, ...]:
    """Return the doctor's span and those of the chosen rooms; on top of others where these are taken."""
    ends_at = starts_at + plan.length
    rules = plan.restrictions
    if not isinstance(rules, Restrictions):
        return (Span(resource_id, starts_at, ends_at, plan.busy.meeting(starts_at, ends_at) is not None),)
    begin, end = starts_at - rules.before, ends_at + rules.after
    chosen = choose_rooms(rules.needs, starts_at, ends_at, anyhow=True)
    if chosen is None:  # there is no such room at all, which nobody can overbook
        raise NoRoomFree(
            find_alternatives=alternatives_finder(
                offer,
                around=starts_at,
                now=asking.now,
                for_staff=asking.for_staff,
                channel=finder_channel,
            )
        )
    return (
        Span(resource_id, begin, end, plan.busy.meeting(begin, end) is not None),
        *(Span(room.resource_id, room.starts_at, room.ends_at, not room.is_free) for room in chosen),
    )


def _put_away(ended: Sequence[Ended], place: Place, plan: Plan) -> None:
    """End the holds that lie where the visit goes, also in rooms that it might have taken."""
    rules = plan.restrictions
    wanted = {span.resource_id: (span.starts_at, span.ends_at) for span in place.spans}
    if isinstance(rules, Restrictions):
        for need in rules.needs:
            for room in need.rooms:
                wanted.setdefault(room.resource_id, need.span(place.starts_at, place.ends_at))
    met = [
        claim
        for claim in ended
        if claim.resource_id in wanted
        and claim.starts_at < wanted[claim.resource_id][1]
        and wanted[claim.resource_id][0] < claim.ends_at
    ]
    if met:
        end_claims([claim.claim_id for claim in met])
        # A hold may reach, with its buffers, into windows that the visit itself does not touch.
        rewrite_around((claim.resource_id, claim.starts_at, claim.ends_at) for claim in met)


def alternatives_finder(
    offer: Offer, *, around: dt.datetime, now: dt.datetime, for_staff: bool, channel: str = ""
) -> Callable[[], list[dict[str, Any]]]:
    """Return what SlotTaken calls, when the locks are gone, to find the nearest free times."""

    def find() -> list[dict[str, Any]]:
        slots = nearest_slots(
            doctor_id=offer.doctor_id,
            service_id=offer.service_id,
            clinic_id=offer.clinic_id,
            time_zone=offer.time_zone,
            around=around,
            limit=ALTERNATIVES,
            now=now,
            for_staff=for_staff,
            channel=channel,
        )
        return [
            {
                "starts_at": slot.starts_at.isoformat().replace("+00:00", "Z"),
                "doctor": slot.doctor_id,
                "clinic": slot.clinic_id,
                "service": slot.service_id,
            }
            for slot in slots
        ]

    return find


def local_start(starts_at: dt.datetime, zone: str) -> str:
    """Return the wall-clock time that the patient is promised, as `Appointment.local_start` keeps it."""
    return starts_at.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%dT%H:%M")


def _refusal(
    reason: Reason,
    policy: Policy,
    *,
    params: dict[str, Any] | None = None,
    find_alternatives: Callable[[], list[dict[str, Any]]] | None = None,
) -> DomainError:
    taken = _RACES.get(reason)
    if taken is not None:
        return taken(find_alternatives=find_alternatives, params=params)
    verdict = verdict_of(reason, policy)
    return _REFUSALS[reason](code=verdict.code, params=verdict.params)
