"""A signed-in patient's own visits."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from tenants.booking.links import manage_path
from tenants.booking.models import Appointment, AppointmentStatus
from tenants.website import guests, seo
from tenants.website.refusals import private, site_page

_PAST = 30
_OPEN = (AppointmentStatus.SCHEDULED, AppointmentStatus.CONFIRMED)


@login_required
@require_GET
@site_page
def visits(request: HttpRequest) -> HttpResponse:
    """Upcoming visits first, then the last past ones. Two queries, however many visits."""
    now = timezone.now()
    patient = guests.patient_of(request)
    rows: list[Appointment] = []
    if patient is not None:
        mine = Appointment.objects.filter(patient=patient).select_related("doctor__user", "clinic", "service")
        rows = list(mine.order_by("-appointment_date", "-id")[: _PAST * 2])
    with_links = [(row, manage_path(row)) for row in rows]
    upcoming = [pair for pair in with_links if pair[0].appointment_date > now and pair[0].status in _OPEN]
    past = [pair for pair in with_links if pair not in upcoming][:_PAST]
    context = {
        "upcoming": upcoming[::-1],
        "past": past,
        "patient": patient,
        "heading": _("My visits"),
        "seo": seo.describe(request, title=_("My visits")),
    }
    return private(render(request, "tenants/website/my.html", context))
