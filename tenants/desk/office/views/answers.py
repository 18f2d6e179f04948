"""What answers of the front office share."""

import json

from django.http import HttpResponse
from django.urls import reverse

from tenants.booking.models import Appointment
from tenants.desk.office.steps import UNDO


def said(
    response: HttpResponse, *, message: str, undo: dict[str, str] | None, is_day: bool = False
) -> HttpResponse:
    """Have the page say something, with a way back if there is one. `is_day`: the answer is the list itself."""
    detail = {"message": message, "undo": undo, "fromDay": is_day}
    response["HX-Trigger"] = json.dumps({"desksaid": detail})
    return response


def undo_of(visit: Appointment, action: str) -> dict[str, str] | None:
    """Return where the page sends "undo"; None for a step without a way back."""
    if action not in UNDO:
        return None
    url = reverse("desk:visit_undo", args=[visit.public_id, action])
    return {"url": url, "version": str(visit.version)}
