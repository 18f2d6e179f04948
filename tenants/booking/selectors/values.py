"""What the selectors answer with, and what they share."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from zoneinfo import ZoneInfo

from tenants.booking.policy import Policy
from tenants.booking.slots import Limits, limits_for, slot_label
from tenants.services.offers import Offer


@dataclass(frozen=True, slots=True)
class Slot:
    """A bookable visit `[starts_at, ends_at)`, aware UTC instants; `time_zone` is the clinic's."""

    starts_at: dt.datetime
    ends_at: dt.datetime
    doctor_id: int
    clinic_id: int
    service_id: int
    price: Decimal
    currency: str
    time_zone: str

    @property
    def label(self) -> str:
        """The time on the clinic's clock, "9:20"; with the offset where the clock shows that time twice."""
        return slot_label(self.starts_at, self.time_zone)

    @property
    def local_date(self) -> dt.date:
        """The day of the visit in the clinic's zone."""
        return self.starts_at.astimezone(ZoneInfo(self.time_zone)).date()


def slot_of(offer: Offer, starts_at: dt.datetime) -> Slot:
    """Return the slot of an offer that begins at an instant."""
    return Slot(
        starts_at=starts_at,
        ends_at=starts_at + dt.timedelta(minutes=offer.duration_minutes),
        doctor_id=offer.doctor_id,
        clinic_id=offer.clinic_id,
        service_id=offer.service_id,
        price=offer.price,
        currency=offer.currency,
        time_zone=offer.time_zone,
    )


def clinic_limits(*, zone: str, policy: Policy, now: dt.datetime, for_staff: bool) -> Limits:
    """Return when visits may begin; for staff, at any time that has not passed."""
    if for_staff:
        return Limits(now=now, earliest=now, latest=dt.datetime.max.replace(tzinfo=dt.UTC))
    return limits_for(
        now=now, zone=zone, notice_minutes=policy.minimum_notice_minutes, horizon_days=policy.horizon_days
    )
