"""Why an instant can or cannot be booked: the engine's own reason, in words; for staff, whose rule it is.

The reasons come in the engine's order: no window (and then: which exception, which holiday), notice, horizon,
release wave, limit of visits, claim, way, room, break.
"""

import datetime as dt
from dataclasses import dataclass, field, replace
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tenants.booking.counting import count_caps
from tenants.booking.loading import read_situation
from tenants.booking.offer_cache import offer_periods_of, offers_on, special_of
from tenants.booking.planning import Asking, plan_for
from tenants.booking.policy import Policy, current_policy
from tenants.booking.restrictions import Restrictions
from tenants.booking.selectors.blame import Blame, blame_for, closing_of
from tenants.booking.selectors.slots_of_day import nearest_slots
from tenants.booking.selectors.values import Slot
from tenants.booking.slots import ONE_DAY, Plan, Reason, examine
from tenants.clinics.models import Clinic
from tenants.doctors.models import Doctor
from tenants.services.models import Service
from tenants.services.offers import Offer, OfferPeriod

MESSAGES: Final[dict[Reason, str | Promise]] = {
    Reason.IN_PAST: _("This time has already passed."),
    Reason.TOO_LATE: _("It is too late to book this time: the clinic asks for more notice."),
    Reason.BEYOND_HORIZON: _("Visits on this date cannot be booked yet."),
    Reason.NOT_OFFERED: _("This doctor does not offer this service in this clinic."),
    Reason.NOT_WORKING: _("The doctor does not see patients at this time."),
    Reason.BREAK: _("The doctor has a break at this time."),
    Reason.MISALIGNED: _("Visits do not begin at this time."),
    Reason.TOO_LONG: _("The visit would not be over before the doctor's working time ends."),
    Reason.NOT_RELEASED: _("The remaining times of this day will be opened later."),
    Reason.CAP_REACHED: _("No more visits can be booked for this day."),
    Reason.BLOCKED: _("The clinic has closed this time for visits."),
    Reason.TAKEN: _("This time is taken."),
    Reason.ON_THE_WAY: _("The doctor could not be here in time from another clinic."),
    Reason.NO_ROOM: _("The room or device for this visit is not free at this time."),
    Reason.NO_TIME_FOR_BREAK: _("The visit would leave the doctor no time for a break."),
}
BOOKABLE: Final = "bookable"
EXCEPTION: Final = "exception"
HOLIDAY: Final = "holiday"
CLOSED_MESSAGES: Final[dict[str, str | Promise]] = {
    EXCEPTION: _("The doctor does not see patients on this day at this time."),
    HOLIDAY: _("The clinic is closed on this day for a public holiday."),
}
"""`not_working`, said more closely: an exception or a holiday took the usual hours away."""

_REACH_YEARS: Final = 5


@dataclass(frozen=True, slots=True)
class Verdict:
    """`code` is `bookable`, a `Reason`, `exception` or `holiday`; `params` are facts for the message.

    For staff: `set_by` says who made the rule or took the time (empty: nobody knows), `fix_url` is the path of the
    page where it can be changed. `alternatives` are the nearest free times, when they were asked for.
    """

    bookable: bool
    code: str
    message: str | Promise
    params: dict[str, Any] = field(default_factory=dict)
    set_by: str = ""
    fix_url: str = ""
    alternatives: tuple[Slot, ...] = ()


def explain(
    *,
    doctor_id: int,
    service_id: int,
    clinic_id: int,
    starts_at: dt.datetime,
    now: dt.datetime,
    for_staff: bool = False,
    channel: str = "",
    alternatives: int = 0,
) -> Verdict:
    """Return whether a visit can begin at this instant and, if not, the first rule that refuses it.

    Staff also learn who set the rule and where to change it. With `alternatives` up to so many of the nearest free
    times come with a refusal. `channel` is as in `free_slots`.
    """
    policy = current_policy()
    far = out_of_reach(starts_at, now)
    if far is not None:
        return verdict_of(far, policy)
    offer = find_offer(doctor_id=doctor_id, service_id=service_id, clinic_id=clinic_id, starts_at=starts_at)
    special = special_of(doctor_id=doctor_id, service_id=service_id)
    if offer is None or special.resource_id is None:
        return _with_fix(verdict_of(Reason.NOT_OFFERED, policy), doctor_id, service_id, for_staff=for_staff)
    asking = Asking.of(special=special, policy=policy, channel=channel, for_staff=for_staff, now=now)
    verdict = _verdict_on(offer, asking, starts_at)
    if verdict.bookable or not alternatives:
        return verdict
    others = nearest_slots(
        doctor_id=doctor_id,
        service_id=service_id,
        clinic_id=clinic_id,
        time_zone=offer.time_zone,
        around=starts_at,
        limit=alternatives,
        now=now,
        for_staff=for_staff,
        channel=channel,
    )
    return replace(verdict, alternatives=tuple(others))


def _verdict_on(offer: Offer, asking: Asking, starts_at: dt.datetime) -> Verdict:
    day = starts_at.astimezone(ZoneInfo(offer.time_zone)).date()
    length = dt.timedelta(minutes=offer.duration_minutes)
    scope = asking.scope_of_visit(starts_at, length, clinic_id=offer.clinic_id, zone=offer.time_zone)
    plan = plan_for(
        offer,
        asking,
        read_situation(scope),
        first=day,
        last=day + ONE_DAY,
        caps=count_caps(asking.caps_in(offer.clinic_id), zone=offer.time_zone, first=day, last=day + ONE_DAY),
    )
    reason = examine(plan, starts_at)
    verdict = verdict_of(reason, asking.policy)
    if reason is None:
        return verdict
    verdict = replace(verdict, params={**verdict.params, **params_of(reason, plan, starts_at)})
    return _said_closely(verdict, reason, offer, asking=asking, plan=plan, starts_at=starts_at)


def _said_closely(
    verdict: Verdict,
    reason: Reason,
    offer: Offer,
    *,
    asking: Asking,
    plan: Plan,
    starts_at: dt.datetime,
) -> Verdict:
    """Add which exception or holiday closes the day and, for staff, whose rule it is and where to change it."""
    blame: Blame | None = None
    if reason in {Reason.NOT_WORKING, Reason.BREAK}:
        closing = closing_of(offer, starts_at)
        if closing is not None:
            code = EXCEPTION if closing.exception_id is not None else HOLIDAY
            message, blame = CLOSED_MESSAGES[code], closing.blame
            params = dict(verdict.params)
            if asking.for_staff and closing.exception_id is not None:
                params["exception"] = closing.exception_id
            if closing.holiday:
                params["holiday"] = closing.holiday
            verdict = replace(verdict, code=code, message=message, params=params)
    if not asking.for_staff:
        return verdict
    if blame is None:
        blame = blame_for(reason, offer, asking=asking, plan=plan, starts_at=starts_at)
    return replace(verdict, set_by=blame.set_by(), fix_url=blame.fix_url)


def _with_fix(verdict: Verdict, doctor_id: int, service_id: int, *, for_staff: bool) -> Verdict:
    """A service that is not offered is offered on its own page."""
    if not for_staff or not Service.objects.filter(pk=service_id).exists():
        return verdict
    return replace(verdict, fix_url=f"/cms/services/edit/{service_id}/")


def find_offer(
    *,
    doctor_id: int,
    service_id: int,
    clinic_id: int,
    starts_at: dt.datetime,
    periods: list[OfferPeriod] | None = None,
) -> Offer | None:
    """Return the offer as it holds on the clinic's local date of the visit; None when there is none.

    `periods` are the offers of this doctor and service, when they are at hand.
    """
    if periods is None:
        periods = offer_periods_of(doctor_id=doctor_id, service_id=service_id)
    day = starts_at.astimezone(dt.UTC).date()
    offer = _offer_in(clinic_id, offers_on(periods, day))
    if offer is None:
        return None
    local_day = starts_at.astimezone(ZoneInfo(offer.time_zone)).date()  # the offer tells the clinic's zone
    return offer if local_day == day else _offer_in(clinic_id, offers_on(periods, local_day))


def out_of_reach(starts_at: dt.datetime, now: dt.datetime) -> Reason | None:
    """Refuse instants so far away that nothing need be read, and that date arithmetic might not survive."""
    if starts_at.year < now.year - _REACH_YEARS:
        return Reason.IN_PAST
    if starts_at.year > now.year + _REACH_YEARS:
        return Reason.BEYOND_HORIZON
    return None


def unknown_part(*, doctor_id: int, service_id: int, clinic_id: int) -> str:
    """Return which id is unknown or not active (`doctor_unknown`, ...), for a refusal; `not_offered` when none is."""
    if not Clinic.objects.filter(pk=clinic_id, is_active=True).exists():
        return "clinic_unknown"
    if not Doctor.objects.filter(pk=doctor_id, is_active=True).exists():
        return "doctor_unknown"
    if not Service.objects.filter(pk=service_id, is_active=True).exists():
        return "service_unknown"
    return str(Reason.NOT_OFFERED)


def verdict_of(reason: Reason | None, policy: Policy) -> Verdict:
    """Put the engine's reason into words."""
    if reason is None:
        return Verdict(bookable=True, code=BOOKABLE, message=_("This time is free."))
    params: dict[str, Any] = {}
    if reason is Reason.TOO_LATE:
        params["minutes"] = policy.minimum_notice_minutes
    if reason is Reason.BEYOND_HORIZON:
        params["days"] = policy.horizon_days
    return Verdict(bookable=False, code=str(reason), message=MESSAGES[reason], params=params)


def params_of(reason: Reason, plan: Plan, starts_at: dt.datetime) -> dict[str, Any]:
    """Return the facts of the limit or wave that refuses, for the message."""
    rules = plan.restrictions
    if not isinstance(rules, Restrictions):
        return {}
    if reason is Reason.CAP_REACHED:
        cap = rules.reached_cap(starts_at)
        return {"most": cap.most, "period": cap.period} if cap else {}
    if reason is Reason.NOT_RELEASED:
        wave = rules.closed_wave(starts_at)
        return {"percent": wave.percent} if wave else {}
    return {}


def _offer_in(clinic_id: int, offers: list[Offer]) -> Offer | None:
    return next((offer for offer in offers if offer.clinic_id == clinic_id), None)
