"""The calendar itself, what its script asks for again and again, and its printed form."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from tenants.desk.access import for_staff
from tenants.desk.calendar.access import CHANGE, staff_of
from tenants.desk.calendar.feed import feed_of, title_of
from tenants.desk.calendar.frame import frame_of
from tenants.desk.calendar.printing import printed_columns
from tenants.desk.calendar.sheet import sheet_of, version_of


@never_cache
@for_staff
@require_safe
def calendar(request: HttpRequest) -> HttpResponse:
    """The calendar, with its first feed in the page: what is drawn first needs no second request."""
    user, now = staff_of(request), timezone.now()
    frame = frame_of(request.GET, user=user, now=now)
    if frame is None:
        return render(request, "tenants/desk/calendar/nothing.html", {"manages": user.manages})
    sheet = sheet_of(frame, user=user)
    context: dict[str, Any] = {
        "frame": frame,
        "feed": feed_of(sheet, user=user, now=now),
        "may_change": user.has_perm(CHANGE),
        "print_url": f"{reverse('desk:calendar_print')}?{request.GET.urlencode()}",
    }
    return render(request, "tenants/desk/calendar/calendar.html", context)


@never_cache
@for_staff
@require_safe
def feed(request: HttpRequest) -> HttpResponse:
    """The frame as JSON; 404 when the user has no clinic."""
    user, now = staff_of(request), timezone.now()
    frame = frame_of(request.GET, user=user, now=now)
    if frame is None:
        return JsonResponse({"code": "no_clinic"}, status=404)
    return JsonResponse(feed_of(sheet_of(frame, user=user), user=user, now=now))


@never_cache
@for_staff
@require_safe
def version(request: HttpRequest) -> HttpResponse:
    """Answer 304 while nothing in the frame has changed: what every desk asks every few seconds."""
    frame = frame_of(request.GET, user=staff_of(request), now=timezone.now())
    if frame is None:
        return JsonResponse({"code": "no_clinic"}, status=404)
    found = version_of(frame)
    etag = f'"{found}"'
    if request.headers.get("If-None-Match") == etag:
        response = HttpResponse(status=304)
    else:
        response = JsonResponse({"version": found})
    response["ETag"] = etag
    return response


@never_cache
@for_staff
@require_safe
def printed(request: HttpRequest) -> HttpResponse:
    """A table for each column, to be printed."""
    user, now = staff_of(request), timezone.now()
    frame = frame_of(request.GET, user=user, now=now)
    if frame is None:
        return render(request, "tenants/desk/calendar/nothing.html", {"manages": user.manages})
    sheet = sheet_of(frame, user=user)
    context = {
        "frame": frame,
        "title": title_of(frame),
        "columns": printed_columns(sheet),
        "now": now,
        "back_url": f"{reverse('desk:calendar')}?{request.GET.urlencode()}",
    }
    return render(request, "tenants/desk/calendar/print.html", context)
