"""Finding a place for a visit under the lock: the part that booking and moving share."""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from saas.core.errors import DomainError
from tenants.booking.errors import (
    BeyondHorizon,
    NotWorking,
    PatientNotFound,
    ServiceNotOffered,
    SlotInPast,
    SlotMisaligned,
    SlotTaken,
    TooLateToBook,
)
from tenants.booking.loading import busy_under_lock, lock_doctor
from tenants.booking.models import Claim
from tenants.booking.policy import Policy
from tenants.booking.selectors.slots_of_day import nearest_slots
from tenants.booking.selectors.values import clinic_limits, plan_for
from tenants.booking.selectors.verdict import find_offer, out_of_reach, unknown_part, verdict_of
from tenants.booking.slots import ONE_DAY, Reason, examine
from tenants.services.offers import Offer

ALTERNATIVES: Final = 3

_REFUSALS: Final[dict[Reason, type[DomainError]]] = {
    Reason.IN_PAST: SlotInPast,
    Reason.TOO_LATE: TooLateToBook,
    Reason.BEYOND_HORIZON: BeyondHorizon,
    Reason.NOT_WORKING: NotWorking,
    Reason.BREAK: NotWorking,
    Reason.MISALIGNED: SlotMisaligned,
}


@dataclass(frozen=True, slots=True)
class Span:
    """The interval `[starts_at, ends_at)` in which one locked resource will be busy."""

    resource_id: int
    starts_at: dt.datetime
    ends_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Place:
    """Where a visit goes: what it keeps busy, the doctor first, and the visit's own interval."""

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
    offers: Sequence[Offer] | None = None,
) -> Offer:
    """Return the offer of that day. Raises ServiceNotOffered, whose code names an unknown id.

    `offers` are those of this doctor and service on the UTC day of the visit, when they are at hand.
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
        doctor_id=doctor_id, service_id=service_id, clinic_id=clinic_id, starts_at=starts_at, offers=offers
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
) -> Place:
    """Lock the doctor and let the engine decide under the lock.

    `length` may differ from the offer's for a visit that is moved (`moving`: its id, whose own claim is not in
    the way). Nor is that of the caller's own hold, `hold_id`, which ends here. Without `patient_id` nobody is to
    come yet. With `overbook` staff put the visit on top of others. Raises SlotTaken (with a finder of
    alternatives), SlotInPast, TooLateToBook, BeyondHorizon,
    NotWorking, SlotMisaligned, PatientNotFound.
    """
    locked = lock_doctor(offer.doctor_id, patient_id=patient_id)
    if patient_id is not None and not locked.patient_exists:
        raise PatientNotFound
    ends_at = starts_at + length
    busy, ended_holds = busy_under_lock(
        locked.resource_id, since=starts_at, until=ends_at, but_appointment=moving, but_hold=hold_id
    )
    day = starts_at.astimezone(ZoneInfo(offer.time_zone)).date()
    plan = plan_for(
        offer,
        rules=locked.hours.get(offer.clinic_id, ()),
        busy=busy,
        limits=clinic_limits(zone=offer.time_zone, policy=policy, now=now, for_staff=for_staff),
        policy=policy,
        first=day,
        last=day + ONE_DAY,
        length=length,
    )
    reason = examine(plan, starts_at)
    is_put_on_top = overbook and for_staff and reason is Reason.TAKEN
    if is_put_on_top:
        reason = None
    if reason in {Reason.TAKEN, Reason.BLOCKED}:
        raise SlotTaken(
            find_alternatives=alternatives_finder(offer, around=starts_at, now=now, for_staff=for_staff)
        )
    if reason is not None:
        raise _refusal(reason, policy)
    if ended_holds:
        Claim.objects.filter(pk__in=ended_holds).update(active=False)
    span = Span(locked.resource_id, starts_at, ends_at)
    return Place(spans=(span,), starts_at=starts_at, ends_at=ends_at, overbook=is_put_on_top)


def alternatives_finder(
    offer: Offer, *, around: dt.datetime, now: dt.datetime, for_staff: bool
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


def _refusal(reason: Reason, policy: Policy) -> DomainError:
    verdict = verdict_of(reason, policy)
    return _REFUSALS[reason](code=verdict.code, params=verdict.params)
