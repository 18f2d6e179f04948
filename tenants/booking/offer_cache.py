"""Offers of one doctor and service, cached until the catalogue changes."""

import datetime as dt
import itertools
from typing import Final

from tenants.booking.remembering import remembered
from tenants.services.models import ServiceOverride
from tenants.services.offers import Offer, offers_for

_ONE_DAY: Final = dt.timedelta(days=1)


def offers_on(*, doctor_id: int, service_id: int, on_date: dt.date) -> list[Offer]:
    """Return the offers of one doctor and service in all clinics, as they hold on a local date."""
    return remembered(
        f"offers:{doctor_id}:{service_id}:{on_date.isoformat()}",
        lambda: offers_for(doctor_ids=[doctor_id], service_id=service_id, on_date=on_date),
    )


def price_periods(*, service_id: int, start: dt.date, end: dt.date) -> list[tuple[dt.date, dt.date]]:
    """Cut the local dates `[start, end)` where a special price or length of the service begins or ends."""
    changes = remembered(f"changes:{service_id}", lambda: _change_dates(service_id))
    cuts = [start, *(day for day in changes if start < day < end), end]
    return list(itertools.pairwise(cuts))


def _change_dates(service_id: int) -> list[dt.date]:
    rows = list(
        ServiceOverride.objects.filter(service_id=service_id).values_list("valid_from", "valid_until")
    )
    days = {valid_from for valid_from, _until in rows if valid_from is not None}
    days |= {valid_until + _ONE_DAY for _from, valid_until in rows if valid_until is not None}
    return sorted(days)
