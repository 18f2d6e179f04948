"""Who set the rule that refuses a time, and on which page of the back office it can be changed. For staff."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final
from zoneinfo import ZoneInfo

from django.db.models import Model

from saas.accounts.models import User
from tenants.audit.models import AuditEvent
from tenants.booking.models import (
    Appointment,
    BookingCap,
    BookingPolicy,
    Claim,
    PolicyOverride,
    ReleaseWave,
    Resource,
    ScheduleException,
    ServiceRequirement,
)
from tenants.booking.planning import Asking
from tenants.booking.restrictions import Restrictions
from tenants.booking.slots import ONE_DAY, Plan, Reason
from tenants.booking.special import override_behind
from tenants.booking.windows.expansion import DayWindow, Departure, Kind
from tenants.booking.windows.reading import Rulebook, find_resources, read_rules
from tenants.doctors.models import FloatingBreak
from tenants.services.offers import Offer

# Pages of the back office and the desk, which this layer must not import.
_HOURS: Final = "/cms/hours/?doctor={}"
_EXCEPTION: Final = "/cms/exceptions/edit/{}/"
_CLINIC: Final = "/cms/clinics/edit/{}/"
_RULES: Final = "/cms/booking-rules/"
_OVERRIDE: Final = "/cms/special-rules/edit/{}/"
_WAVE: Final = "/cms/waves/edit/{}/"
_CAP: Final = "/cms/limits/edit/{}/"
_WAYS: Final = "/cms/ways/"
_REQUIREMENT: Final = "/cms/requirements/edit/{}/"
_BREAK: Final = "/cms/breaks/edit/{}/"
_DAY: Final = "/desk/calendar/?clinic={}&date={}"


@dataclass(frozen=True, slots=True)
class Blame:
    """A page to go to, and what tells who was there last: a row of the audit log's kind and key, or a user's id."""

    fix_url: str
    kind: str = ""
    key: str = ""
    user_id: int | None = None

    def set_by(self) -> str:
        """Return the name of whoever set it last, empty when nobody knows. At most two queries."""
        user_id = self.user_id
        if user_id is None and self.kind:
            events = AuditEvent.objects.filter(object_type=self.kind, object_id=self.key)
            user_id = (
                events.filter(actor_id__isnull=False)
                .order_by("-id")
                .values_list("actor_id", flat=True)
                .first()
            )
        user = User.objects.filter(pk=user_id).first() if user_id is not None else None
        return str(user.get_full_name() or user) if user else ""


@dataclass(frozen=True, slots=True)
class Closing:
    """What took a doctor's usual hours away: an exception, or a holiday by its name."""

    exception_id: int | None
    holiday: str
    blame: Blame


def closing_of(offer: Offer, starts_at: dt.datetime) -> Closing | None:
    """Return what closes an instant that lies in the doctor's usual hours in the clinic; None outside of these.

    Exceptions come before holidays, narrower ones before wider ones. Seven queries.
    """
    day = starts_at.astimezone(ZoneInfo(offer.time_zone)).date()
    first, last = day - ONE_DAY, day + ONE_DAY
    resources = [each for each in find_resources(_resource_ids(offer.doctor_id)) if each.doctor_id]
    book = read_rules(resources, first=first, last=last)
    plain = replace(book, clinics={key: replace(clinic, holidays={}) for key, clinic in book.clinics.items()})
    if not _opens(plain, offer, starts_at, (), first=first, last=last):
        return None
    departures = [*book.wide, *book.of_doctors.get(offer.doctor_id, ())]
    for departure in sorted(departures, key=lambda each: each.order, reverse=True):
        if departure.kind is Kind.ADD or departure.clinic_id not in {None, offer.clinic_id}:
            continue
        if not _opens(plain, offer, starts_at, (departure,), first=first, last=last):
            return _closed_by(departure)
    clinic = book.clinics.get(offer.clinic_id)
    holidays = clinic.holidays if clinic else {}
    name = holidays.get(day) or holidays.get(day - ONE_DAY)
    if name is None:
        return None
    return Closing(None, name, Blame(_CLINIC.format(offer.clinic_id), "clinics.clinic", str(offer.clinic_id)))


def blame_for(
    reason: Reason,
    offer: Offer,
    *,
    asking: Asking,
    plan: Plan,
    starts_at: dt.datetime,
) -> Blame:
    """Return where to change what refuses. Reads the claim where one is in the way, otherwise nothing."""
    if reason in {Reason.TOO_LATE, Reason.BEYOND_HORIZON, Reason.MISALIGNED}:
        return _policy_blame(reason, asking)
    rules = plan.restrictions
    if isinstance(rules, Restrictions):
        found = _rule_blame(reason, rules, starts_at, starts_at + plan.length)
        if found is not None:
            return found
    if reason in {Reason.TAKEN, Reason.BLOCKED}:
        return _claim_blame(offer, plan, asking, starts_at)
    if reason is Reason.ON_THE_WAY:
        return Blame(_WAYS)
    return Blame(_HOURS.format(offer.doctor_id))


def _rule_blame(
    reason: Reason, rules: Restrictions, starts_at: dt.datetime, ends_at: dt.datetime
) -> Blame | None:
    if reason is Reason.CAP_REACHED and (cap := rules.reached_cap(starts_at)):
        return _row(BookingCap, _CAP, cap.id)
    if reason is Reason.NOT_RELEASED and (wave := rules.closed_wave(starts_at)):
        return _row(ReleaseWave, _WAVE, wave.id)
    if reason is Reason.NO_ROOM and (need := rules.missing_need(starts_at, ends_at)):
        return _row(ServiceRequirement, _REQUIREMENT, need.requirement_id)
    if reason is Reason.NO_TIME_FOR_BREAK and (lost := rules.lost_break(starts_at, ends_at)):
        return _row(FloatingBreak, _BREAK, lost.id)
    return None


def _policy_blame(reason: Reason, asking: Asking) -> Blame:
    column = {Reason.TOO_LATE: "minimum_notice_minutes", Reason.BEYOND_HORIZON: "horizon_days"}.get(reason)
    override = override_behind(asking.special, asking.channel, column) if column else None
    if override is not None:
        return _row(PolicyOverride, _OVERRIDE, override)
    return Blame(_RULES, BookingPolicy._meta.label_lower, "1")


def _claim_blame(offer: Offer, plan: Plan, asking: Asking, starts_at: dt.datetime) -> Blame:
    rules = plan.restrictions
    before, after = (rules.before, rules.after) if rules is not None else (dt.timedelta(), dt.timedelta())
    day = starts_at.astimezone(ZoneInfo(offer.time_zone)).date()
    url = _DAY.format(offer.clinic_id, day.isoformat())
    claim = (
        Claim.objects.filter(
            resource=asking.special.resource_id,
            active=True,
            overbook=False,
            span__overlap=(starts_at - before, starts_at + plan.length + after),
        )
        .order_by("span")
        .first()
    )
    if claim is None:
        return Blame(url)
    if claim.appointment_id is not None:
        return Blame(url, Appointment._meta.label_lower, str(claim.appointment_id))
    return Blame(url, Claim._meta.label_lower, str(claim.pk))


def _row(model: type[Model], url: str, key: int) -> Blame:
    return Blame(url.format(key), model._meta.label_lower, str(key))


def _closed_by(departure: Departure) -> Closing:
    creator = (
        ScheduleException.objects.filter(pk=departure.id).values_list("created_by_id", flat=True).first()
    )
    blame = Blame(
        _EXCEPTION.format(departure.id), ScheduleException._meta.label_lower, str(departure.id), creator
    )
    return Closing(departure.id, "", blame)


def _opens(
    book: Rulebook,
    offer: Offer,
    starts_at: dt.datetime,
    departures: Sequence[Departure],
    *,
    first: dt.date,
    last: dt.date,
) -> bool:
    """Whether the doctor's hours in the clinic hold an instant when only these exceptions are in force."""
    windows: list[DayWindow] = book.expand_doctor(
        offer.doctor_id,
        rules=book.rules.get(offer.doctor_id, {}),
        departures=departures,
        wide=(),
        first=first,
        last=last,
    )
    return any(
        window.clinic_id == offer.clinic_id and window.starts_at <= starts_at < window.ends_at
        for window in windows
    )


def _resource_ids(doctor_id: int) -> list[int]:
    return list(Resource.objects.filter(doctor=doctor_id).values_list("pk", flat=True))
