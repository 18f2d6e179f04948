"""The style guide: every component with made-up data, at /_components/ in development."""

import datetime as dt
from decimal import Decimal

from django import forms
from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

_STATUSES = ("scheduled", "confirmed", "completed", "cancelled", "no_show")


class SampleForm(forms.Form):
    """One field of every kind."""

    name = forms.CharField(label="Name", help_text="As in the passport.")
    email = forms.EmailField(label="E-mail", initial="anna@example.com")
    password = forms.CharField(label="Password", widget=forms.PasswordInput)
    clinic = forms.ChoiceField(label="Clinic", choices=[("1", "Lesnaya Street 5"), ("2", "Harbour")])
    note = forms.CharField(label="Note", widget=forms.Textarea, required=False)
    visit = forms.ChoiceField(
        label="Visit", choices=[("a", "First"), ("b", "Repeated")], widget=forms.RadioSelect
    )
    consent = forms.BooleanField(label="I agree to the processing of my data")


@require_safe
def components(request: HttpRequest) -> HttpResponse:
    """Show all components; 404 unless the process runs in DEBUG."""
    if not settings.DEBUG:
        raise Http404
    now = timezone.now().replace(minute=40, second=0, microsecond=0)
    days = [
        {"date": now.date() + dt.timedelta(days=ahead), "count": count, "url": "#", "is_current": ahead == 1}
        for ahead, count in enumerate((0, 7, 12, 3, 0, 5, 1))
    ]
    slots = [
        {"text": text, "url": "#", "is_free": True, "is_picked": text == "10:00"}
        for text in ("9:20", "10:00")
    ]
    slots.append({"text": "12:00", "is_free": False, "reason": "Lunch"})
    context = {
        "form": SampleForm(),
        "refused": SampleForm({"email": "anna", "clinic": "1"}),
        "statuses": _STATUSES,
        "days": days,
        "groups": [{"label": "Morning", "slots": slots}],
        "page": Paginator(range(200), 10).page(7),
        "crumbs": [{"label": "Doctors", "url": "#"}, {"label": "Cardiology", "url": ""}],
        "steps": ["Service", "Time", "Contacts", "Check"],
        "todo": [
            {"title": "Address taken", "state": "done", "url": "#", "action": "Change"},
            {"title": "Creating the site", "state": "now", "text": "A few seconds"},
            {
                "title": "Letter",
                "state": "failed",
                "text": "The mail server did not answer",
                "url": "#",
                "action": "Retry",
            },
            {"title": "Hours", "state": "todo", "url": "#", "action": "Set"},
        ],
        "at": now,
        "hold_until": now + dt.timedelta(hours=1),
        "price": Decimal(3200),
        "theme": request.GET.get("theme", "light"),
    }
    return render(request, "components/_samples.html", context)
