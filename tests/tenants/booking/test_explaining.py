"""What the engine says of a time it refuses: which rule, whose, and where to change it."""

from __future__ import annotations

import datetime as dt

import pytest

from saas.networks.context import NetworkRef
from tenants.audit.actions import Actor, record
from tenants.booking.models import (
    BookingCap,
    ScheduleException,
)
from tenants.booking.selectors import explain
from tests.factories import make_bookable, make_user
from tests.tenants.booking.helpers import NINE, book
from tests.tenants.booking.ruling import (
    HALF_HOUR,
    TUESDAY,
    asked,
)

pytestmark = pytest.mark.django_db


def test_explain_names_exception_and_who_made_it(network: NetworkRef) -> None:
    bookable = make_bookable()
    boss = make_user(first_name="Olga", last_name="Belova")
    leave = ScheduleException.objects.create(
        scope="doctor",
        doctor=bookable.doctor,
        kind="block",
        start_date=TUESDAY,
        end_date=TUESDAY,
        created_by_id=boss.pk,
    )
    public = explain(**asked(bookable), alternatives=3)
    assert (public.code, public.params, public.set_by, public.fix_url) == ("exception", {}, "", "")
    assert len(public.alternatives) == 3
    staff = explain(**asked(bookable, for_staff=True))
    assert (staff.code, staff.params) == ("exception", {"exception": leave.pk})
    assert staff.set_by == boss.get_full_name()
    assert staff.fix_url == f"/cms/exceptions/edit/{leave.pk}/"
    night = explain(**asked(bookable, NINE + dt.timedelta(hours=12), for_staff=True))
    assert (night.code, night.fix_url) == ("not_working", f"/cms/hours/?doctor={bookable.doctor.pk}")


def test_explain_names_the_holiday(network: NetworkRef) -> None:
    bookable = make_bookable()
    bookable.clinic.holiday_calendar = "RU"
    bookable.clinic.save()
    holiday = dt.datetime(2027, 2, 23, 6, 0, tzinfo=dt.UTC)
    verdict = explain(**asked(bookable, holiday, for_staff=True))
    assert verdict.code == "holiday"
    assert verdict.params["holiday"]
    assert verdict.fix_url == f"/cms/clinics/edit/{bookable.clinic.pk}/"


def test_explain_names_who_took_the_time_and_set_the_limit(network: NetworkRef) -> None:
    bookable = make_bookable()
    clerk = make_user(first_name="Ivan", last_name="Orlov")
    book(bookable, actor=Actor(kind="user", user_id=clerk.pk))
    taken = explain(**asked(bookable, for_staff=True))
    assert (taken.code, taken.set_by) == ("taken", clerk.get_full_name())
    assert taken.fix_url == f"/desk/calendar/?clinic={bookable.clinic.pk}&date=2027-01-12"
    cap = BookingCap.objects.create(most=1, period="day")
    record("booking.cap_changed", actor=Actor(kind="user", user_id=clerk.pk), on=cap)
    capped = explain(**asked(bookable, NINE + HALF_HOUR, for_staff=True))
    assert (capped.set_by, capped.fix_url) == (clerk.get_full_name(), f"/cms/limits/edit/{cap.pk}/")
