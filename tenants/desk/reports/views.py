"""Reports on the screen and as files."""

from typing import Any, Final
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from saas.core.formatting import format_day
from tenants.clinics.selectors import organisation
from tenants.desk.access import for_managers, staff_of
from tenants.desk.reports.daily import choose_daily, wants_daily
from tenants.desk.reports.demand import unmet_demand
from tenants.desk.reports.period import PRESETS, Period, period_of
from tenants.desk.reports.sheets import as_csv, as_xlsx, late_labels, lead_labels, sheets_of
from tenants.desk.reports.utilisation import Utilisation, utilisation
from tenants.desk.reports.visits import VisitReport, visit_report
from tenants.desk.selectors import home_time_zone
from tenants.doctors.models import Weekday

_XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@never_cache
@for_managers
@require_safe
def reports(request: HttpRequest) -> HttpResponse:
    """The report of a period."""
    period = _period(request)
    visits, use, demand = visit_report(period), utilisation(period), unmet_demand(period)
    user = staff_of(request)
    context = {
        "period": period,
        "presets": PRESETS,
        "visits": visits,
        "use": use,
        "demand": demand,
        "shifts": [each.shift for each in demand if each.shift is not None][:3],
        "weekdays": [label for _value, label in Weekday.choices],
        "sheets": {sheet.code: sheet for sheet in sheets_of(visits, use, demand)},
        "charts": _charts(visits, use, currency=organisation().currency),
        "wants_daily": wants_daily(user),
        "email": user.email,
    }
    return render(request, "tenants/desk/reports/reports.html", context)


@never_cache
@for_managers
@require_safe
def export(request: HttpRequest, code: str) -> HttpResponse:
    """One table as CSV, or all of them as a workbook (`code` is "all")."""
    period = _period(request)
    sheets = sheets_of(visit_report(period), utilisation(period), unmet_demand(period))
    name = f"{code}-{period.first.isoformat()}-{period.last.isoformat()}"
    if code == "all":
        response = HttpResponse(as_xlsx(sheets), content_type=_XLSX)
        response["Content-Disposition"] = f'attachment; filename="report-{name}.xlsx"'
        return response
    sheet = next((each for each in sheets if each.code == code), None)
    if sheet is None:
        raise Http404
    response = HttpResponse(as_csv(sheet), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="report-{name}.csv"'
    return response


@never_cache
@for_managers
@require_POST
def daily(request: HttpRequest) -> HttpResponse:
    """Turn the daily report by e-mail on or off."""
    wanted = request.POST.get("wanted") == "1"
    choose_daily(user=staff_of(request), wanted=wanted)
    said = _("The report comes every evening at eight.") if wanted else _("No report by e-mail any more.")
    messages.success(request, said)
    return HttpResponseRedirect(reverse("desk:reports"))


def _period(request: HttpRequest) -> Period:
    return period_of(request.GET.dict(), today=timezone.localdate(timezone=ZoneInfo(home_time_zone())))


def _charts(visits: VisitReport, use: Utilisation, *, currency: str) -> dict[str, Any]:
    """Return what the script draws: labels and numbers only."""
    return {
        "days": {
            "labels": [format_day(day) for day, _figures in visits.days],
            "series": [
                {
                    "label": pgettext("column", "Done"),
                    "colour": "brand",
                    "values": [figures.done for _day, figures in visits.days],
                },
                {
                    "label": pgettext("chart", "Other visits"),
                    "colour": "sky",
                    "values": [
                        figures.visits - figures.done - figures.no_show for _day, figures in visits.days
                    ],
                },
                {
                    "label": pgettext("column", "Did not come"),
                    "colour": "bad",
                    "values": [figures.no_show for _day, figures in visits.days],
                },
                {
                    "label": pgettext("column", "Cancelled"),
                    "colour": "sun",
                    "values": [figures.cancelled for _day, figures in visits.days],
                },
            ],
        },
        "paid": {
            "labels": [format_day(day) for day, _figures in visits.days],
            "series": [
                {
                    "label": pgettext("column", "Paid, %(currency)s") % {"currency": currency},
                    "colour": "brand",
                    "values": [float(figures.paid.get(currency, 0)) for _day, figures in visits.days],
                }
            ],
        },
        "hours": {
            "labels": [each.name for each in use.hours],
            "series": [
                {"label": _("Used, %"), "colour": "brand", "values": [each.rate for each in use.hours]}
            ],
        },
        "lead": {
            "labels": lead_labels(),
            "series": [
                {"label": pgettext("column", "Visits"), "colour": "sky", "values": list(visits.lead.buckets)}
            ],
        },
        "cancelled": {
            "labels": late_labels(),
            "series": [
                {
                    "label": pgettext("column", "Cancelled"),
                    "colour": "sun",
                    "values": list(visits.cancellations.buckets),
                }
            ],
        },
        "patients": {
            "labels": [_("First visit"), _("Have been here before")],
            "series": [
                {
                    "label": pgettext("column", "Patients"),
                    "colour": "brand",
                    "values": [visits.new_patients, visits.returning_patients],
                }
            ],
        },
    }
