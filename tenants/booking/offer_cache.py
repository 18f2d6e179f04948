"""Offers of one doctor and service, cached until the catalogue changes."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tenants.booking.policy import POLICY_KEY, Policy, read_policy
from tenants.booking.remembering import remembered, remembered_together
from tenants.services.models import ServiceOverride
from tenants.services.offers import Offer, offers_for

_ONE_DAY: Final = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class BookingFacts:
    """The rules, a service's offers by one doctor on a date, and the dates on which its price or length changes."""

    policy: Policy
    offers: list[Offer]
    change_dates: list[dt.date]


def offers_on(*, doctor_id: int, service_id: int, on_date: dt.date) -> list[Offer]:
    """Return the offers of one doctor and service in all clinics, as they hold on a local date."""
    return remembered(_offers_key(doctor_id, service_id, on_date), _reader(doctor_id, service_id, on_date))


def booking_facts(*, doctor_id: int, service_id: int, on_date: dt.date) -> BookingFacts:
    """Return what every question about free times begins with, in one round trip to the cache."""
    offers_key = _offers_key(doctor_id, service_id, on_date)
    changes_key = f"changes:{service_id}"
    found = remembered_together(
        {
            POLICY_KEY: read_policy,
            changes_key: lambda: _change_dates(service_id),
            offers_key: _reader(doctor_id, service_id, on_date),
        }
    )
    return BookingFacts(policy=found[POLICY_KEY], offers=found[offers_key], change_dates=found[changes_key])


def _offers_key(doctor_id: int, service_id: int, on_date: dt.date) -> str:
    return f"offers:{doctor_id}:{service_id}:{on_date.isoformat()}"


def _reader(doctor_id: int, service_id: int, on_date: dt.date) -> Callable[[], list[Offer]]:
    return lambda: offers_for(doctor_ids=[doctor_id], service_id=service_id, on_date=on_date)


def _change_dates(service_id: int) -> list[dt.date]:
    rows = list(
        ServiceOverride.objects.filter(service_id=service_id).values_list("valid_from", "valid_until")
    )
    days = {valid_from for valid_from, _until in rows if valid_from is not None}
    days |= {valid_until + _ONE_DAY for _from, valid_until in rows if valid_until is not None}
    return sorted(days)
