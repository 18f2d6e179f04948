"""Why an instant can or cannot be booked: the engine's own reason, in words."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tenants.booking.loading import busy_of, hours_of
from tenants.booking.offer_cache import offers_on
from tenants.booking.policy import Policy, current_policy
from tenants.booking.selectors.values import clinic_limits, plan_for
from tenants.booking.slots import ONE_DAY, Reason, examine
from tenants.clinics.models import Clinic
from tenants.doctors.models import Doctor
from tenants.services.models import Service
from tenants.services.offers import Offer

MESSAGES: Final[dict[Reason, str | Promise]] = {
    Reason.IN_PAST: _("This time has already passed."),
    Reason.TOO_LATE: _("It is too late to book this time: the clinic asks for more notice."),
    Reason.BEYOND_HORIZON: _("Visits on this date cannot be booked yet."),
    Reason.NOT_OFFERED: _("This doctor does not offer this service in this clinic."),
    Reason.NOT_WORKING: _("The doctor does not see patients at this time."),
    Reason.BREAK: _("The doctor has a break at this time."),
    Reason.MISALIGNED: _("Visits do not begin at this time."),
    Reason.BLOCKED: _("The clinic has closed this time for visits."),
    Reason.TAKEN: _("This time is taken."),
}
BOOKABLE: Final = "bookable"
_REACH_YEARS: Final = 5


@dataclass(frozen=True, slots=True)
class Verdict:
    """`code` is `bookable` or a `Reason`; `params` are facts for the message, such as the notice in minutes."""

    bookable: bool
    code: str
    message: str | Promise
    params: dict[str, Any] = field(default_factory=dict)


def explain(
    *,
    doctor_id: int,
    service_id: int,
    clinic_id: int,
    starts_at: dt.datetime,
    now: dt.datetime,
    for_staff: bool = False,
) -> Verdict:
    """Return whether a visit can begin at this instant and, if not, the first rule that refuses it."""
    policy = current_policy()
    far = out_of_reach(starts_at, now)
    if far is not None:
        return verdict_of(far, policy)
    offer = find_offer(doctor_id=doctor_id, service_id=service_id, clinic_id=clinic_id, starts_at=starts_at)
    if offer is None:
        return verdict_of(Reason.NOT_OFFERED, policy)
    day = starts_at.astimezone(ZoneInfo(offer.time_zone)).date()
    plan = plan_for(
        offer,
        rules=hours_of([doctor_id])[doctor_id].get(clinic_id, ()),
        busy=busy_of([doctor_id], since=starts_at, until=starts_at + ONE_DAY)[doctor_id],
        limits=clinic_limits(zone=offer.time_zone, policy=policy, now=now, for_staff=for_staff),
        policy=policy,
        first=day,
        last=day + ONE_DAY,
    )
    return verdict_of(examine(plan, starts_at), policy)


def find_offer(
    *,
    doctor_id: int,
    service_id: int,
    clinic_id: int,
    starts_at: dt.datetime,
    offers: Sequence[Offer] | None = None,
) -> Offer | None:
    """Return the offer as it holds on the clinic's local date of the visit; None when there is none.

    `offers` are those of this doctor and service on the UTC day of the visit, when they are at hand.
    """
    utc_day = starts_at.astimezone(dt.UTC).date()
    if offers is None:
        offers = offers_on(doctor_id=doctor_id, service_id=service_id, on_date=utc_day)
    offer = next((offer for offer in offers if offer.clinic_id == clinic_id), None)
    if offer is None:
        return None
    local_day = starts_at.astimezone(ZoneInfo(offer.time_zone)).date()  # the offer tells the clinic's zone
    if local_day == utc_day:
        return offer
    return _offer_on(local_day, doctor_id=doctor_id, service_id=service_id, clinic_id=clinic_id)


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


def _offer_on(day: dt.date, *, doctor_id: int, service_id: int, clinic_id: int) -> Offer | None:
    offers = offers_on(doctor_id=doctor_id, service_id=service_id, on_date=day)
    return next((offer for offer in offers if offer.clinic_id == clinic_id), None)
