"""The waiting-room board: a page for a big screen, and the part of it that is asked for every five seconds."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from tenants.desk.access import for_staff, staff_of
from tenants.desk.board.selectors import board_of
from tenants.desk.office.day import clinics_of


@never_cache
@for_staff
@require_safe
def board(request: HttpRequest) -> HttpResponse:
    """The page. `?by=initials` shows initials instead of numbers, `?clinic=` another clinic."""
    return render(request, "tenants/desk/board/board.html", _context(request))


@never_cache
@for_staff
@require_safe
def now(request: HttpRequest) -> HttpResponse:
    """The lines as they are now."""
    return render(request, "tenants/desk/board/_lines.html", _context(request))


def _context(request: HttpRequest) -> dict[str, Any]:
    clinics = clinics_of(staff_of(request))
    wanted = request.GET.get("clinic", "")
    clinic = next((each for each in clinics if str(each.pk) == wanted), clinics[0] if clinics else None)
    by_number = request.GET.get("by") != "initials"
    moment = timezone.now()
    return {
        "clinics": clinics,
        "clinic": clinic,
        "by_number": by_number,
        "now": moment,
        "board": board_of(clinic, now=moment, by_number=by_number) if clinic else None,
    }
