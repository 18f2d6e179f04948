"""Offers of one doctor and service, cached until the catalogue changes."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

from tenants.booking.policy import POLICY_KEY, Policy, read_policy
from tenants.booking.remembering import remembered, remembered_together
from tenants.booking.special import Special, read_special
from tenants.clinics.models import Clinic
from tenants.clinics.selectors import organisation
from tenants.doctors.models import Doctor
from tenants.services.models import Service
from tenants.services.offers import Offer, OfferPeriod, offer_periods


@dataclass(frozen=True, slots=True)
class Names:
    """How the parties of a visit are called, and the doctor's log-in; empty for ids that mean nobody."""

    doctor: str
    doctor_user_id: int | None
    service: str
    clinics: dict[int, str]


@dataclass(frozen=True, slots=True)
class BookingFacts:
    """The rules, a service's offers by one doctor for all time, and what binds these visits besides (`special`).

    `country` is the network's, which reads phone numbers without a code; `generation` changes with the catalogue
    and the rules, see `remembering`.
    """

    policy: Policy
    periods: list[OfferPeriod]
    names: Names
    country: str
    special: Special
    generation: float

    def offers_within(self, start: dt.date, end: dt.date) -> list[tuple[dt.date, dt.date, Offer]]:
        """Return each offer with the part of the local dates `[start, end)` on which it holds."""
        cuts = [start, *(period.since for period in self.periods if start < period.since < end), end]
        return [
            (first, last, offer) for first, last in pairwise(cuts) for offer in offers_on(self.periods, first)
        ]


def offer_periods_of(*, doctor_id: int, service_id: int) -> list[OfferPeriod]:
    """Return the offers of one doctor and service in all clinics, for all time."""
    return remembered(_periods_key(doctor_id, service_id), _reader(doctor_id, service_id))


def offers_on(periods: list[OfferPeriod], day: dt.date) -> list[Offer]:
    """Return the offers as they hold on a local date."""
    return next(period.offers for period in reversed(periods) if period.since <= day)


def booking_facts(*, doctor_id: int, service_id: int) -> BookingFacts:
    """Return what every question about free times begins with, in one round trip to the cache."""
    periods_key = _periods_key(doctor_id, service_id)
    names_key = f"names:{doctor_id}:{service_id}"
    special_key = _special_key(doctor_id, service_id)
    number, found = remembered_together(
        {
            POLICY_KEY: read_policy,
            "country": lambda: organisation().country,
            names_key: lambda: _names(doctor_id, service_id),
            periods_key: _reader(doctor_id, service_id),
            special_key: lambda: read_special(doctor_id=doctor_id, service_id=service_id),
        }
    )
    return BookingFacts(
        policy=found[POLICY_KEY],
        periods=found[periods_key],
        names=found[names_key],
        country=found["country"],
        special=found[special_key],
        generation=number,
    )


def special_of(*, doctor_id: int, service_id: int) -> Special:
    """Return what binds these visits besides windows and claims."""
    return remembered(
        _special_key(doctor_id, service_id),
        lambda: read_special(doctor_id=doctor_id, service_id=service_id),
    )


def _special_key(doctor_id: int, service_id: int) -> str:
    return f"special:{doctor_id}:{service_id}"


def _periods_key(doctor_id: int, service_id: int) -> str:
    return f"offers:{doctor_id}:{service_id}"


def _reader(doctor_id: int, service_id: int) -> Callable[[], list[OfferPeriod]]:
    return lambda: offer_periods(doctor_id=doctor_id, service_id=service_id)


def _names(doctor_id: int, service_id: int) -> Names:
    doctor = Doctor.objects.filter(pk=doctor_id).select_related("user").first()
    service = Service.objects.filter(pk=service_id).values_list("name", flat=True).first()
    return Names(
        doctor=str(doctor) if doctor else "",
        doctor_user_id=doctor.user_id if doctor else None,
        service=service or "",
        clinics=dict(Clinic.objects.values_list("pk", "name")),
    )
