"""Keeping the chosen time for a visitor who fills in the form. Only a POST holds: looking at a page does not."""

import datetime as dt
import re
from secrets import token_hex
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac

from saas.core.proxies import client_address
from saas.networks.limits import hit
from tenants.booking.actions.holding import extend_hold, hold_slot, release_hold
from tenants.booking.models import Hold
from tenants.booking.reservation_errors import HoldGone, HoldNotFound
from tenants.booking.selectors.holds import held_by, live_holds
from tenants.website.choices import Choice

COOKIE: Final = "held"
"""Names the visitor's holds and nothing else; sent to the booking pages only."""

_COOKIE_SECONDS: Final = 3600
_TOKEN: Final = re.compile(r"^[0-9a-f]{32}$")
_HOLDS_OF_ADDRESS: Final = 120
_HOUR: Final = 3600


class Keeper:
    """The holds of one visitor: of a person signed in, or of a browser that keeps the cookie."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request
        self._new_token = ""
        cookie = request.COOKIES.get(COOKIE, "")
        if request.user.is_authenticated:
            self._holder = f"user:{request.user.pk}"
        else:
            self._holder = f"web:{cookie}" if _TOKEN.match(cookie) else ""

    def held(self, choice: Choice, at: dt.datetime) -> Hold | None:
        """Return the hold on exactly this visit; None when it is over or there never was one."""
        if not self._holder:
            return None
        return held_by(
            self._holder,
            doctor_id=choice.doctor.pk,
            service_id=choice.service.pk,
            clinic_id=choice.clinic.pk,
            starts_at=at,
        )

    def hold(self, choice: Choice, at: dt.datetime, *, now: dt.datetime) -> Hold:
        """Hold this visit instead of what the visitor holds now. Raises TooMany and what `hold_slot` raises."""
        address = client_address(self._request)
        hit("site-hold-address", address, limit=_HOLDS_OF_ADDRESS, window_seconds=_HOUR)
        if not self._holder:
            self._new_token = token_hex(16)
            self._holder = f"web:{self._new_token}"
        return hold_slot(
            doctor_id=choice.doctor.pk,
            service_id=choice.service.pk,
            clinic_id=choice.clinic.pk,
            starts_at=at,
            holder=self._holder,
            now=now,
            origin=salted_hmac("site-hold", address).hexdigest()[:16],
        )

    def extend(self, hold: Hold) -> Hold:
        """Hold it longer, once. Raises HoldGone, HoldExtended."""
        try:
            return extend_hold(public_id=hold.public_id, holder=self._holder)
        except HoldNotFound as error:
            raise HoldGone from error

    def release(self) -> None:
        """Give back whatever the visitor holds."""
        if not self._holder:
            return
        for hold in live_holds(self._holder):
            release_hold(public_id=hold.public_id, holder=self._holder)

    def remember(self, response: HttpResponse) -> HttpResponse:
        """Let the browser keep the name of its holds; returns the response."""
        if self._new_token:
            response.set_cookie(
                COOKIE,
                self._new_token,
                max_age=_COOKIE_SECONDS,
                path="/book/",
                secure=self._request.is_secure(),
                httponly=True,
                samesite="Lax",
            )
        return response
