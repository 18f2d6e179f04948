"""What can be booked: which doctor gives which service in which clinic, at what price and for how long."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from django.db.models import F
from django.utils import timezone

from tenants.clinics.selectors import organisation
from tenants.services.models import Service, ServiceOverride

_ONE_DAY: Final = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Offer:
    """One bookable combination. `time_zone` is the clinic's IANA zone, `currency` the network's."""

    service_id: int
    doctor_id: int
    clinic_id: int
    price: Decimal
    currency: str
    duration_minutes: int
    time_zone: str


class OfferPeriod(NamedTuple):
    """What is offered from a local date on, until the next period begins."""

    since: dt.date
    offers: list[Offer]


class _Combination(NamedTuple):
    service_id: int
    doctor_id: int
    clinic_id: int
    price: Decimal
    duration_minutes: int
    time_zone: str


def offers_for(
    *,
    service_id: int | None = None,
    doctor_ids: Iterable[int] | None = None,
    clinic_id: int | None = None,
    on_date: dt.date | None = None,
    is_first_visit: bool | None = None,
) -> list[Offer]:
    """Return every active combination of doctor, clinic and service, overrides applied, in order of their ids.

    The doctor works in the clinic and gives the service, and the clinic offers it; all three are active.
    `on_date` is a local date of the clinic (default: its today); with `is_first_visit` unknown, prices that
    depend on it do not apply. Two queries, whatever the number of doctors.
    """
    combinations = _combinations(service_id=service_id, doctor_ids=doctor_ids, clinic_id=clinic_id)
    if not combinations:
        return []
    overrides = _overrides_by_service({row[0] for row in combinations})
    return _offers(combinations, overrides, on_date=on_date, is_first_visit=is_first_visit)


def offer_periods(*, doctor_id: int, service_id: int) -> list[OfferPeriod]:
    """Return the offers of one doctor and service for all time, the earliest period first; at least one. Two queries.

    The first begins with `date.min`. Prices that depend on the first visit do not apply.
    """
    combinations = _combinations(service_id=service_id, doctor_ids=[doctor_id], clinic_id=None)
    if not combinations:
        return [OfferPeriod(dt.date.min, [])]
    overrides = _overrides_by_service({service_id})
    changes = {row.valid_from for row in overrides[service_id] if row.valid_from is not None}
    changes |= {row.valid_until + _ONE_DAY for row in overrides[service_id] if row.valid_until is not None}
    return [
        OfferPeriod(day, _offers(combinations, overrides, on_date=day, is_first_visit=None))
        for day in (dt.date.min, *sorted(changes))
    ]


def _combinations(
    *, service_id: int | None, doctor_ids: Iterable[int] | None, clinic_id: int | None
) -> list[_Combination]:
    conditions: dict[str, object] = {
        "service__is_active": True,
        "doctor__is_active": True,
        "doctor__clinic_links__clinic__is_active": True,
        "service__clinics": F("doctor__clinic_links__clinic"),
    }
    if service_id is not None:
        conditions["service_id"] = service_id
    if doctor_ids is not None:
        conditions["doctor_id__in"] = list(doctor_ids)
    if clinic_id is not None:
        conditions["doctor__clinic_links__clinic_id"] = clinic_id
    # One filter() call: conditions on a doctor's clinics must meet in the same link.
    rows = Service.doctors.through.objects.filter(**conditions)
    return [
        _Combination(*row)
        for row in rows.order_by("service_id", "doctor_id", "doctor__clinic_links__clinic_id").values_list(
            "service_id",
            "doctor_id",
            "doctor__clinic_links__clinic_id",
            "service__price",
            "service__duration_minutes",
            "doctor__clinic_links__clinic__time_zone",
        )
    ]


def _offers(
    combinations: Iterable[_Combination],
    overrides: Mapping[int, Sequence[ServiceOverride]],
    *,
    on_date: dt.date | None,
    is_first_visit: bool | None,
) -> list[Offer]:
    currency = organisation().currency
    now = timezone.now()
    offers = []
    for service, doctor, clinic, price, minutes, zone in combinations:
        special = applicable(
            overrides.get(service, ()),
            doctor_id=doctor,
            clinic_id=clinic,
            on_date=on_date or now.astimezone(ZoneInfo(zone)).date(),
            is_first_visit=is_first_visit,
        )
        offers.append(
            Offer(
                service_id=service,
                doctor_id=doctor,
                clinic_id=clinic,
                price=next((row.price for row in special if row.price is not None), price),
                currency=currency,
                duration_minutes=next(
                    (row.duration_minutes for row in special if row.duration_minutes is not None), minutes
                ),
                time_zone=zone,
            )
        )
    return offers


def applicable(
    overrides: Sequence[ServiceOverride],
    *,
    doctor_id: int,
    clinic_id: int,
    on_date: dt.date,
    is_first_visit: bool | None,
) -> list[ServiceOverride]:
    """Return the overrides that hold for this combination, the most specific first. Computes, reads nothing.

    Doctor weighs more than clinic, clinic more than first visit; among equals the one that began last wins.
    """
    fitting = [
        row
        for row in overrides
        if row.doctor_id in {None, doctor_id}
        and row.clinic_id in {None, clinic_id}
        and (row.is_first_visit is None or row.is_first_visit == is_first_visit)
        and (row.valid_from is None or row.valid_from <= on_date)
        and (row.valid_until is None or on_date <= row.valid_until)
    ]
    return sorted(
        fitting,
        key=lambda row: (
            row.doctor_id is not None,
            row.clinic_id is not None,
            row.is_first_visit is not None,
            row.valid_from or dt.date.min,
            row.pk or 0,
        ),
        reverse=True,
    )


def _overrides_by_service(service_ids: set[int]) -> dict[int, list[ServiceOverride]]:
    found: dict[int, list[ServiceOverride]] = defaultdict(list)
    for row in ServiceOverride.objects.filter(service_id__in=service_ids):
        found[row.service_id].append(row)
    return found
