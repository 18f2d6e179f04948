"""Offers of one doctor and service, cached until the catalogue changes."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tenants.booking.policy import POLICY_KEY, Policy, read_policy
from tenants.booking.remembering import remembered, remembered_together
from tenants.booking.special import Special, read_special
from tenants.clinics.models import Clinic
from tenants.clinics.selectors import organisation
from tenants.doctors.models import Doctor
from tenants.services.models import Service, ServiceOverride
from tenants.services.offers import Offer, offers_for

_ONE_DAY: Final = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Names:
    """How the parties of a visit are called, and the doctor's log-in; empty for ids that mean nobody."""

    doctor: str
    doctor_user_id: int | None
    service: str
    clinics: dict[int, str]


@dataclass(frozen=True, slots=True)
class BookingFacts:
    """The rules, a service's offers by one doctor on a date, and the dates on which its price or length changes.

    `country` is the network's, which reads phone numbers without a code; `special` what binds these visits besides.
    `generation` changes with the catalogue and the rules, see `remembering`.
    """

    policy: Policy
    offers: list[Offer]
    change_dates: list[dt.date]
    names: Names
    country: str
    special: Special
    generation: float


def offers_on(*, doctor_id: int, service_id: int, on_date: dt.date) -> list[Offer]:
    """Return the offers of one doctor and service in all clinics, as they hold on a local date."""
    return remembered(_offers_key(doctor_id, service_id, on_date), _reader(doctor_id, service_id, on_date))


def facts_for_visit(*, doctor_id: int, service_id: int, starts_at: dt.datetime) -> BookingFacts:
    """Return what booking at this instant begins with: the offers are those of its UTC day."""
    # A naive instant, which is refused later, has one day only; so has the first day of the calendar.
    local = starts_at.tzinfo is None or starts_at.year in {dt.MINYEAR, dt.MAXYEAR}
    day = starts_at.date() if local else starts_at.astimezone(dt.UTC).date()
    return booking_facts(doctor_id=doctor_id, service_id=service_id, on_date=day)


def booking_facts(*, doctor_id: int, service_id: int, on_date: dt.date) -> BookingFacts:
    """Return what every question about free times begins with, in one round trip to the cache."""
    offers_key = _offers_key(doctor_id, service_id, on_date)
    changes_key = f"changes:{service_id}"
    names_key = f"names:{doctor_id}:{service_id}"
    special_key = _special_key(doctor_id, service_id)
    number, found = remembered_together(
        {
            POLICY_KEY: read_policy,
            "country": lambda: organisation().country,
            names_key: lambda: _names(doctor_id, service_id),
            changes_key: lambda: _change_dates(service_id),
            offers_key: _reader(doctor_id, service_id, on_date),
            special_key: lambda: read_special(doctor_id=doctor_id, service_id=service_id),
        }
    )
    return BookingFacts(
        policy=found[POLICY_KEY],
        offers=found[offers_key],
        change_dates=found[changes_key],
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


def _names(doctor_id: int, service_id: int) -> Names:
    doctor = Doctor.objects.filter(pk=doctor_id).select_related("user").first()
    service = Service.objects.filter(pk=service_id).values_list("name", flat=True).first()
    return Names(
        doctor=str(doctor) if doctor else "",
        doctor_user_id=doctor.user_id if doctor else None,
        service=service or "",
        clinics=dict(Clinic.objects.values_list("pk", "name")),
    )
