"""The list of group sessions."""

from typing import Final

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from tenants.desk.access import for_staff, staff_of
from tenants.desk.office.day import clinics_of
from tenants.desk.sessions.access import may_open
from tenants.desk.sessions.forms import group_services
from tenants.desk.sessions.selectors import coming_sessions, past_sessions, rows_of

_PAGE: Final = 30


@never_cache
@for_staff
@require_safe
def sessions(request: HttpRequest) -> HttpResponse:
    """What is to come, or what was, in one clinic or in all."""
    user, now = staff_of(request), timezone.now()
    clinics = clinics_of(user)
    wanted = request.GET.get("clinic", "")
    clinic = next((each for each in clinics if str(each.pk) == wanted), None)
    is_past = request.GET.get("show") == "past"
    found = (past_sessions if is_past else coming_sessions)(user=user, clinic=clinic, now=now)
    page = Paginator(found, _PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": rows_of(page.object_list),
        "clinics": clinics,
        "clinic": clinic,
        "is_past": is_past,
        "may_open": may_open(user),
        "has_services": group_services().exists(),
        "now": now,
    }
    return render(request, "tenants/desk/sessions/sessions.html", context)
