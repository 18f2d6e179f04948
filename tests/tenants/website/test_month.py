"""The month at a glance in the picker: honest levels, addresses that lead on, few queries, both languages."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from bs4 import BeautifulSoup, Tag
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from saas.networks.context import NetworkRef
from tenants.booking.links import manage_path
from tenants.booking.models import SearchMiss
from tenants.booking.selectors import free_slots
from tenants.doctors.models import DoctorSchedule
from tenants.services.offers import offers_for
from tenants.website.month import MANY, SOME, Month, build_month
from tests import factories
from tests.factories import Bookable
from tests.tenants.booking.helpers import NINE, NOW, book, set_policy
from tests.tenants.website.helpers import book_away, slot_of

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

DAY = dt.timedelta(days=1)
HALF_HOUR = dt.timedelta(minutes=30)
STRIP_QUERIES, MONTH_QUERIES = 13, 15
JANUARY = NINE.date()


def _page(**changes: str) -> str:
    return "?" + "&".join(f"{key}={value}" for key, value in changes.items())


def _month(bookable: Bookable, wanted: dt.date = JANUARY, *, now: dt.datetime = NOW) -> Month:
    [offer] = offers_for(service_id=bookable.service.pk, doctor_ids=[bookable.doctor.pk])
    # Windows and gaps of a stale doctor are built by whoever looks first.
    free_slots(
        doctor_id=bookable.doctor.pk,
        service_id=bookable.service.pk,
        start=now.date(),
        end=now.date() + DAY,
        now=now,
    )
    return build_month(
        doctor_id=bookable.doctor.pk,
        service_id=bookable.service.pk,
        offer=offer,
        wanted=wanted,
        page=_page,
        now=now,
    )


def _days(month: Month) -> dict[int, Any]:
    return {day.date.day: day for week in month.weeks for day in week if day is not None}


def test_levels_tell_how_many_visits_fit(bookable: Bookable) -> None:
    for number in range(16 - SOME + 1):  # of sixteen visits of a day, two are left
        book(bookable, NINE + number * HALF_HOUR, patient_id=factories.make_patient().pk)
    for number in range(16 - MANY + 1):
        book(bookable, NINE + DAY + number * HALF_HOUR, patient_id=factories.make_patient().pk)
    for number in range(16):
        book(bookable, NINE + 2 * DAY + number * HALF_HOUR, patient_id=factories.make_patient().pk)
    days = _days(_month(bookable))
    assert [(days[n].visits, days[n].level) for n in (12, 13, 14, 15)] == [
        (SOME - 1, 1),
        (MANY - 1, 2),
        (0, 0),
        (16, 3),
    ]
    assert days[14].is_open
    assert (days[14].url, days[15].url) == ("", "?day=2027-01-15")
    assert min(days) == 11
    assert days[11].is_today


def test_weeks_begin_on_monday_and_are_whole(bookable: Bookable) -> None:
    set_policy(horizon_days=90)
    month = _month(bookable)
    assert month.title == "January 2027"
    assert {len(week) for week in month.weeks} == {7}
    assert [week[0].date.day for week in month.weeks if week[0]] == [
        11,
        18,
        25,
    ]  # weeks that are over are not shown
    april = _month(bookable, dt.date(2027, 4, 1))
    assert april.weeks[0].count(None) == 3  # a Thursday
    assert [date.isoweekday() for date in month.weekdays] == [1, 2, 3, 4, 5, 6, 7]


def test_months_lead_on_from_today_to_the_horizon(bookable: Bookable) -> None:
    set_policy(horizon_days=40)
    january = _month(bookable)
    assert (january.previous_url, january.next_url) == ("", "?month=2027-02")
    february = _month(bookable, dt.date(2027, 2, 1))
    assert (february.previous_url, february.next_url) == ("?month=2027-01", "")
    assert february.week_url == "?from=2027-02-01"
    assert [day.is_open for day in _days(february).values()] == [number <= 20 for number in range(1, 22)]
    assert _month(bookable, dt.date(2099, 1, 1)).title == "February 2027"
    assert _month(bookable, dt.date(2001, 1, 1)).title == "January 2027"


def test_a_month_is_one_query_and_up_to_date(
    bookable: Bookable, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    before = _month(bookable)
    [offer] = offers_for(service_id=bookable.service.pk, doctor_ids=[bookable.doctor.pk])
    common: dict[str, Any] = {
        "doctor_id": bookable.doctor.pk,
        "service_id": bookable.service.pk,
        "offer": offer,
        "page": _page,
        "now": NOW,
    }
    for month in (1, 2):
        with django_assert_num_queries(1):
            build_month(wanted=dt.date(2027, month, 1), **common)
    book(bookable)
    assert _days(_month(bookable))[12].visits == _days(before)[12].visits - 1
    DoctorSchedule.objects.all().delete()
    assert not _month(bookable).has_room


def _soup(response: Any) -> BeautifulSoup:
    return BeautifulSoup(response.content, "lxml")


def _open_days(page: BeautifulSoup) -> list[Tag]:
    return page.select("#booking table.month a.month-day")


@pytest.mark.parametrize("base", ["/doctors/{doctor}/?", "/book/time/?doctor={doctor}&"])
def test_the_strip_leads_to_the_month_and_a_day_back(bookable: Bookable, client: Any, base: str) -> None:
    path = base.format(doctor=bookable.doctor.slug)
    strip = _soup(client.get(path))
    to_month = strip.select_one("#booking a#picker-range")
    assert to_month is not None
    assert "Whole month" in to_month.text
    month = _soup(client.get(str(to_month["href"])))
    days = _open_days(month)
    assert days
    assert month.select_one("#booking a.slot") is None
    back = client.get(str(days[-1]["href"]))
    shown = _soup(back)
    current = shown.select_one("#booking a.day[aria-current=date]")
    assert current is not None
    assert shown.select_one("#booking a.slot") is not None
    to_strip = month.select_one("#booking a#picker-range")
    assert to_strip is not None
    assert _soup(client.get(str(to_strip["href"]))).select_one("#booking ul.week") is not None


def test_a_visit_is_moved_by_the_month_as_well(bookable: Bookable, client: Any) -> None:
    visit = book_away(bookable, slot_of(bookable))
    path = f"{manage_path(visit)}move/"
    page = _soup(client.get(path, {"month": f"{timezone.now():%Y-%m}"}))
    assert all(str(day["href"]).startswith(path) for day in _open_days(page))
    assert page.select_one("a[href*='/book/waitlist/']") is None


def test_a_month_without_room_says_so_and_counts(bookable: Bookable, client: Any) -> None:
    DoctorSchedule.objects.all().delete()
    month = f"{timezone.now():%Y-%m}"
    page = _soup(
        client.get(
            f"/doctors/{bookable.doctor.slug}/", {"month": month}, HTTP_USER_AGENT="Mozilla/5.0 Firefox"
        )
    )
    assert _open_days(page) == []
    assert "Nothing is free in this month." in page.text
    assert page.select_one("a[href*='/book/waitlist/']") is not None
    assert SearchMiss.objects.get().specialization == bookable.doctor.specializations.get()


@pytest.mark.parametrize("text", ["2026", "2026-13", "1x99-01", "2026-11-01-01", "9999-12"])
def test_damaged_months_are_refused(bookable: Bookable, client: Any, text: str) -> None:
    response = client.get("/book/time/", {"doctor": bookable.doctor.slug, "month": text})
    assert response.status_code == 400


def test_words_stand_beside_colours_in_both_languages(
    bookable: Bookable, network: NetworkRef, client: Any
) -> None:
    month = f"{timezone.now() + 3 * DAY:%Y-%m}"
    for language, word, room in (("en", "many", "visits at most"), ("ru", "много", "приёмов")):
        client.cookies["language"] = language
        page = _soup(client.get(f"/doctors/{bookable.doctor.slug}/", {"month": month}))
        full = page.select_one("a.month-day.is-level-3")
        assert full is not None
        words = full.select_one(".month-word")
        assert words is not None
        assert words.text == word
        assert room in full.text
        head = page.select("table.month th[scope=col] .visually-hidden")
        assert len({cell.text for cell in head}) == 7


def test_what_htmx_swaps_has_the_month(bookable: Bookable, client: Any) -> None:
    month = f"{timezone.now():%Y-%m}"
    response = client.get(
        f"/doctors/{bookable.doctor.slug}/", {"month": month}, headers={"HX-Request": "true"}
    )
    page = _soup(response)
    assert page.select_one("h1") is None
    assert page.select_one("#booking table.month") is not None
    assert page.select_one("#booking-bar") is not None


def test_query_count_of_the_pages(
    bookable: Bookable, client: Any, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """The month asks for the next free time as well, and nothing that grows with its days."""
    path = f"/book/time/?doctor={bookable.doctor.slug}&service={bookable.service.slug}"
    month = f"{timezone.now():%Y-%m}"
    for _warm in range(2):
        client.get(path)
        client.get(f"{path}&month={month}")
    with django_assert_num_queries(STRIP_QUERIES):
        client.get(path)
    with django_assert_num_queries(MONTH_QUERIES):
        client.get(f"{path}&month={month}")
