"""What a search over many doctors looks for: one row for each way in which a doctor can be booked.

Read once for a set of filters and cached until the catalogue changes, with everything that the statement over
stored gaps needs, so that a search with a warm cache begins with PostgreSQL.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from hashlib import sha256
from typing import Final, NamedTuple

from django.db.models import Count, Q

from tenants.booking.models import (
    BookingCap,
    PolicyOverride,
    ReleaseWave,
    Resource,
    ResourceKind,
    ServiceRequirement,
)
from tenants.booking.policy import Policy, current_policy
from tenants.booking.remembering import remembered
from tenants.booking.special import Override, Special, channel_of, policy_for
from tenants.booking.windows.instants import ONE_DAY
from tenants.clinics.models import TravelTime
from tenants.doctors.models import Doctor, DoctorClinic, FloatingBreak
from tenants.services.models import Service, ServiceOverride
from tenants.services.offers import Offer, offers_for

MAX_PERIODS: Final = 12
"""Prices and lengths may change on so many dates within the horizon less one; what lies behind is not searched."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What is looked for; None means "any". `max_price` is in the network's currency, `language` as doctors have it."""

    doctor_ids: tuple[int, ...] | None = None
    service_id: int | None = None
    clinic_id: int | None = None
    specialization_id: int | None = None
    language: str | None = None
    max_price: Decimal | None = None

    def key(self, first: dt.date, last: dt.date) -> str:
        """Return what names the answer for these dates in the cache."""
        return f"wishes:{sha256(repr((self, first, last)).encode()).hexdigest()}"


class Wish(NamedTuple):
    """An offer that holds on the local dates `[first, last)`, with the resource to look at.

    `is_plain` says that windows and claims of the doctor decide alone, besides notice and horizon: no rooms, buffers,
    limits of visits, release waves, floating breaks or ways between clinics.
    """

    offer: Offer
    resource_id: int
    first: dt.date
    last: dt.date
    notice_minutes: int
    horizon_days: int
    is_plain: bool


def wishes_for(filters: Filters, *, first: dt.date, last: dt.date) -> list[Wish]:
    """Return the wishes on the local dates `[first, last)`, the shortest visits first, cheapest of equals by service.

    Of a doctor's offers that begin at the same instants in one clinic the shortest stands for all, and of equally
    long ones the first service.
    """
    return remembered(filters.key(first, last), lambda: _read(filters, first, last))


def _read(filters: Filters, first: dt.date, last: dt.date) -> list[Wish]:
    doctor_ids = _doctors(filters)
    if doctor_ids is not None and not doctor_ids:
        return []
    found: dict[tuple[int, int, int], list[Wish]] = defaultdict(list)
    special = _Special.read()
    rules = _Rules.read()
    resources: dict[int, int] = {}
    for begin, end in _periods(filters, first, last):
        offers = offers_for(
            service_id=filters.service_id,
            doctor_ids=doctor_ids,
            clinic_id=filters.clinic_id,
            on_date=begin,
        )
        if not resources and offers:
            resources = _resources(None if doctor_ids is None else {offer.doctor_id for offer in offers})
        for offer in _distinct(offers, special, rules, filters.max_price):
            resource_id = resources.get(offer.doctor_id)
            if resource_id is None:  # imported past the signals: the first booking makes it
                continue
            same = found[offer.doctor_id, offer.clinic_id, offer.service_id]
            if same and same[-1].offer == offer and same[-1].last == begin:
                same[-1] = same[-1]._replace(last=end)
            else:
                policy = rules.of(offer.service_id)
                same.append(
                    Wish(
                        offer,
                        resource_id,
                        begin,
                        end,
                        policy.minimum_notice_minutes,
                        policy.horizon_days,
                        special.is_plain(offer),
                    )
                )
    wishes = _undominated(wish for group in found.values() for wish in group)
    wishes.sort(key=lambda wish: (wish.offer.duration_minutes, wish.offer.clinic_id, wish.offer.service_id))
    return wishes


def _undominated(wishes: Iterable[Wish]) -> list[Wish]:
    """Leave out longer visits that can begin only when a shorter one of the same doctor can, which is then meant."""
    fixed_step = current_policy().slot_step_minutes
    by_place: dict[tuple[int, int], list[Wish]] = defaultdict(list)
    for wish in sorted(wishes, key=lambda wish: wish.offer.duration_minutes):
        others = by_place[wish.offer.doctor_id, wish.offer.clinic_id]
        if not any(
            other.is_plain
            and other.first <= wish.first
            and wish.last <= other.last
            and other.notice_minutes <= wish.notice_minutes
            and other.horizon_days >= wish.horizon_days
            and (fixed_step or wish.offer.duration_minutes % other.offer.duration_minutes == 0)
            for other in others
        ):
            others.append(wish)
    return [wish for group in by_place.values() for wish in group]


def _distinct(
    offers: Iterable[Offer], special: "_Special", rules: "_Rules", max_price: Decimal | None
) -> list[Offer]:
    distinct: dict[tuple[int, int, int, int], Offer] = {}
    for offer in offers:
        if max_price is not None and offer.price > max_price:
            continue
        own = 0 if special.is_plain(offer) and not rules.has_own(offer.service_id) else offer.service_id
        distinct.setdefault((offer.doctor_id, offer.clinic_id, offer.duration_minutes, own), offer)
    return list(distinct.values())


def _doctors(filters: Filters) -> Collection[int] | None:
    """Return the doctors to ask for, None for all."""
    if filters.specialization_id is None and filters.language is None:
        return filters.doctor_ids
    rows = Doctor.objects.filter(is_active=True)
    if filters.specialization_id is not None:
        rows = rows.filter(specialization_links__specialization=filters.specialization_id)
    if filters.language is not None:
        rows = rows.filter(languages__contains=[filters.language])
    if filters.doctor_ids is not None:
        rows = rows.filter(pk__in=filters.doctor_ids)
    return list(rows.values_list("pk", flat=True))


def _periods(filters: Filters, first: dt.date, last: dt.date) -> list[tuple[dt.date, dt.date]]:
    """Cut `[first, last)` where a price or a length changes."""
    rows = ServiceOverride.objects.all()
    if filters.service_id is not None:
        rows = rows.filter(service_id=filters.service_id)
    cuts = {first}
    for valid_from, valid_until in rows.values_list("valid_from", "valid_until"):
        cuts |= {
            day
            for day in (valid_from, valid_until + ONE_DAY if valid_until else None)
            if day is not None and first < day < last
        }
    days = sorted(cuts)[: MAX_PERIODS + 1]
    ends = [*days[1:], last] if len(days) <= MAX_PERIODS else days[1:]
    return list(zip(days, ends, strict=False))


def _resources(doctor_ids: Collection[int] | None) -> dict[int, int]:
    rows = Resource.objects.filter(kind=ResourceKind.DOCTOR, is_active=True)
    if doctor_ids is not None:
        rows = rows.filter(doctor__in=doctor_ids)
    return dict(rows.values_list("doctor", "pk"))


@dataclass(slots=True)
class _Rules:
    """Notice and horizon of each service for patients on the website; worked out once for each."""

    policy: Policy
    overrides: dict[int | None, list[Override]]
    _of: dict[int, Policy] = field(default_factory=dict)

    @classmethod
    def read(cls) -> "_Rules":
        overrides: dict[int | None, list[Override]] = defaultdict(list)
        for row in PolicyOverride.objects.order_by("pk"):
            overrides[row.service_id].append(
                Override(
                    row.pk,
                    row.service_id is not None,
                    row.channel,
                    row.minimum_notice_minutes,
                    row.horizon_days,
                    row.needs_approval,
                )
            )
        return cls(policy=current_policy(), overrides=overrides)

    def has_own(self, service_id: int) -> bool:
        return service_id in self.overrides

    def of(self, service_id: int) -> Policy:
        if service_id not in self._of:
            rows = (*self.overrides.get(service_id, ()), *self.overrides.get(None, ()))
            channel = channel_of("", for_staff=False)
            self._of[service_id] = policy_for(self.policy, Special(overrides=rows), channel)
        return self._of[service_id]


@dataclass(frozen=True, slots=True)
class _Special:
    """Who and what needs more than the doctor's windows and claims to decide."""

    services: frozenset[int]
    doctors: frozenset[int]
    all: bool

    @classmethod
    def read(cls) -> "_Special":
        with_buffers = Service.objects.exclude(buffer_before_minutes=0, buffer_after_minutes=0)
        caps = BookingCap.objects.filter(is_active=True)
        waves = ReleaseWave.objects.all()
        breaks = FloatingBreak.objects.filter(is_active=True)
        ways = TravelTime.objects.filter(minutes__gt=0)
        on_the_way = DoctorClinic.objects.filter(
            Q(clinic__in=ways.values("from_clinic")) | Q(clinic__in=ways.values("to_clinic"))
        )
        return cls(
            services=frozenset(
                {
                    *ServiceRequirement.objects.values_list("service_id", flat=True),
                    *with_buffers.values_list("pk", flat=True),
                    *caps.filter(service__isnull=False).values_list("service", flat=True),
                }
            ),
            doctors=frozenset(
                {
                    *breaks.values_list("doctor_id", flat=True),
                    *on_the_way.values("doctor_id")
                    .annotate(clinics=Count("pk"))
                    .filter(clinics__gt=1)
                    .values_list("doctor_id", flat=True),
                    *waves.filter(doctor__isnull=False).values_list("doctor", flat=True),
                    *caps.filter(service=None, doctor__isnull=False).values_list("doctor", flat=True),
                }
            ),
            all=waves.filter(doctor=None).exists() or caps.filter(service=None, doctor=None).exists(),
        )

    def is_plain(self, offer: Offer) -> bool:
        return not (self.all or offer.service_id in self.services or offer.doctor_id in self.doctors)
