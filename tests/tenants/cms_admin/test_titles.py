"""Titles of the back office are words that begin like titles, in both languages; days and times have their pickers."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from bs4 import BeautifulSoup
from wagtail.admin.widgets import AdminDateInput, AdminTimeInput

from tenants.booking.models import (
    BookingCap,
    PolicyOverride,
    ReleaseWave,
    Resource,
    ResourcePool,
    ScheduleException,
    ServiceRequirement,
)
from tenants.clinics.models import TravelTime
from tenants.doctors.models import FloatingBreak
from tenants.services.models import ServiceOverride
from tests.factories import Bookable, make_clinic
from tests.fixtures.networks import NetworkClient

pytestmark = [pytest.mark.django_db, pytest.mark.integration]


def _rows(ready: Bookable) -> dict[str, Any]:
    """One row of everything that is edited, by its address."""
    pool = ResourcePool.objects.create(name="Rooms")
    room = Resource.objects.create(kind="room", clinic=ready.clinic)
    return {
        "hours": ready.hours[0],
        "rooms": room,
        "pools": pool,
        "requirements": ServiceRequirement.objects.create(service=ready.service, pool=pool),
        "limits": BookingCap.objects.create(most=7, period="day", clinic=ready.clinic),
        "waves": ReleaseWave.objects.create(days_ahead=7, percent=50),
        "special-rules": PolicyOverride.objects.create(channel="site", minimum_notice_minutes=90),
        "special-prices": ServiceOverride.objects.create(
            service=ready.service, clinic=ready.clinic, price=1000
        ),
        "exceptions": ScheduleException.objects.create(
            scope="network", kind="block", start_date=dt.date(2027, 1, 4), end_date=dt.date(2027, 1, 5)
        ),
        "breaks": FloatingBreak.objects.create(
            doctor=ready.doctor, minutes=30, earliest=dt.time(12), latest=dt.time(15)
        ),
        "ways": TravelTime.objects.create(from_clinic=ready.clinic, to_clinic=make_clinic(), minutes=20),
        "clinics": ready.clinic,
        "services": ready.service,
        "doctors": ready.doctor,
    }


@pytest.mark.parametrize("language", ["en", "ru"])
def test_titles_and_labels_begin_with_a_capital(owner: NetworkClient, ready: Bookable, language: str) -> None:
    owner.cookies["language"] = language
    for name, row in _rows(ready).items():
        title = str(row)
        assert not title[:1].islower(), (name, title)
        assert not title.replace(" ", "").isdigit(), (name, title)
        for path in (f"/cms/{name}/edit/{row.pk}/", f"/cms/{name}/new/"):
            page = BeautifulSoup(owner.get(path).content, "lxml")
            named = page.select("h1, h2, .w-panel__heading, label.w-field__label")
            texts = [" ".join(each.get_text().split()) for each in named]
            assert texts, path
            assert [text for text in texts if text[:1].islower()] == [], path


@pytest.mark.parametrize(
    ("name", "dates", "times"),
    [
        ("hours", ["valid_from", "valid_until", "anchor_date"], ["start_time", "end_time"]),
        ("exceptions", ["start_date", "end_date"], ["start_time", "end_time"]),
        ("breaks", [], ["earliest", "latest"]),
        ("special-prices", ["valid_from", "valid_until"], []),
    ],
)
def test_days_and_times_have_pickers(
    owner: NetworkClient, name: str, dates: list[str], times: list[str]
) -> None:
    response = owner.get(f"/cms/{name}/new/")
    fields = response.context["form"].fields
    assert [field for field in dates if not isinstance(fields[field].widget, AdminDateInput)] == []
    assert [field for field in times if not isinstance(fields[field].widget, AdminTimeInput)] == []
    assert "date-time-chooser.js" in response.content.decode()
