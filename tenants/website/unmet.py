"""Searches on the site that find no time, told to the manager's report of unmet demand. People's only, each once.

Counted is what somebody asked for: a specialization, a service, a clinic, a doctor's week or day. What a page shows
of itself when it is opened is no search, and programs, previews and staff are not patients.
"""

import datetime as dt
import re
from typing import Final

from django.http import HttpRequest

from saas.accounts.models import User
from saas.core.proxies import client_address
from tenants.booking.misses import note_miss
from tenants.website.picker import Picker, Wish

_PROGRAM: Final = re.compile(
    r"bot\b|bot/|crawl|spider|slurp|preview|monitor|lighthouse|headless|scan|feed|fetch|^$"
    r"|curl|wget|python|httpx|okhttp|java/|go-http|libwww|axios|node",
    re.IGNORECASE,
)
_AHEAD: Final = ("Sec-Purpose", "Purpose", "X-Purpose", "X-Moz")
"""Headers by which browsers say that nobody has opened the page yet."""


def note_vain_search(
    request: HttpRequest,
    *,
    wanted_on: dt.date,
    specialization_id: int | None = None,
    service_id: int | None = None,
    clinic_id: int | None = None,
    doctor_id: int | None = None,
) -> None:
    """Count a visitor's search for a local date that found nothing; once an hour for each visitor and search.

    Who searches is told apart by address and browser, of which only a hash is kept, in the cache, for that hour.
    """
    if not _is_of_a_patient(request):
        return
    browser = request.headers.get("User-Agent", "")
    note_miss(
        wanted_on=wanted_on,
        specialization_id=specialization_id,
        service_id=service_id,
        clinic_id=clinic_id,
        doctor_id=doctor_id,
        searcher=f"site:{client_address(request)}:{browser}",
    )


def note_vain_pick(request: HttpRequest, picker: Picker, wish: Wish) -> None:
    """Count a picker that has nothing to offer: not in the days asked for, or not at all."""
    if _has_found(picker, wish):
        return
    asked = wish.month or wish.day or wish.since or picker.today
    note_vain_search(
        request,
        wanted_on=max(asked, picker.today),
        service_id=picker.service.pk,
        clinic_id=picker.clinic.pk,
        doctor_id=picker.doctor.pk,
    )


def _has_found(picker: Picker, wish: Wish) -> bool:
    if picker.month is not None:
        return picker.month.has_room
    if wish.day is not None:
        return any(day.count for day in picker.days if day.date == wish.day)
    return picker.has_times or (wish.since is None and picker.next_free is not None)


def _is_of_a_patient(request: HttpRequest) -> bool:
    if request.method != "GET" or any(request.headers.get(name) for name in _AHEAD):
        return False
    if _PROGRAM.search(request.headers.get("User-Agent", "")):
        return False
    return not (isinstance(request.user, User) and request.user.works_here)
