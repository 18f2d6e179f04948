"""Private calendars (.ics) of doctors and patients: whoever has the address may read, until it is revoked."""

from typing import Final

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from saas.core.errors import TooMany
from saas.core.proxies import client_address
from saas.networks.limits import hit
from tenants.api.views.slots import is_unchanged
from tenants.booking.feeds.actions import find_feed
from tenants.booking.feeds.selectors import feed_calendar

LIMIT: Final = 60
WINDOW_SECONDS: Final = 60
_HEADERS: Final = {"Cache-Control": "private, no-cache", "X-Robots-Tag": "noindex"}


@require_safe
def calendar(request: HttpRequest, token: str) -> HttpResponse:
    """The calendar of a feed; 404 for an address that is unknown here or revoked."""
    try:
        hit("calendar", client_address(request), limit=LIMIT, window_seconds=WINDOW_SECONDS)
    except TooMany as error:
        return HttpResponse(status=429, headers={"Retry-After": str(error.params["retry_after"])})
    now = timezone.now()
    feed = find_feed(token, now=now)
    if feed is None:
        return HttpResponse(status=404, headers=_HEADERS)
    found = feed_calendar(feed, now=now)
    headers = {**_HEADERS, "ETag": f'W/"{found.etag}"'}
    if is_unchanged(request, headers["ETag"]):
        return HttpResponse(status=304, headers=headers)
    return HttpResponse(
        found.text(),
        content_type="text/calendar; charset=utf-8",
        headers={**headers, "Content-Disposition": 'inline; filename="calendar.ics"'},
    )
