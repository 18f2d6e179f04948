"""Searches on the site that find nothing reach the manager's report: people's only, each once, nobody's name."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core.cache import cache
from django.utils import timezone

from saas.accounts.roles import Role
from saas.networks.context import NetworkRef
from tenants.booking.models import SearchMiss
from tenants.desk.reports.demand import unmet_demand
from tenants.desk.reports.period import period_of
from tenants.doctors.models import DoctorSchedule
from tests import factories
from tests.factories import Bookable
from tests.fixtures.networks import ClientFor
from tests.fixtures.staff import StaffClient

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
TODAY = dt.datetime.now(dt.UTC).date()


@pytest.fixture
def visitor(network: NetworkRef, client_for: ClientFor) -> Any:
    return client_for(network, HTTP_USER_AGENT=BROWSER)


@pytest.fixture
def closed(bookable: Bookable) -> Bookable:
    """A doctor without hours."""
    DoctorSchedule.objects.all().delete()
    return bookable


def _counted() -> list[tuple[int | None, int | None, int | None, int]]:
    rows = SearchMiss.objects.order_by("pk")
    return [(row.specialization_id, row.service_id, row.clinic_id, row.count) for row in rows]


def _of_doctor(bookable: Bookable) -> tuple[int, int, int, int]:
    specialization = bookable.doctor.specializations.get()
    return specialization.pk, bookable.service.pk, bookable.clinic.pk, 1


def test_first_free_time_of_a_doctor(closed: Bookable, visitor: Any) -> None:
    for _again in range(3):
        assert visitor.get(f"/doctors/{closed.doctor.slug}/").status_code == 200
    assert visitor.get(f"/book/time/?doctor={closed.doctor.slug}").status_code == 200
    assert _counted() == [_of_doctor(closed)]
    [miss] = SearchMiss.objects.all()
    assert abs((miss.wanted_on - TODAY).days) <= 1


def test_specializations_services_and_clinics(closed: Bookable, visitor: Any) -> None:
    specialization = closed.doctor.specializations.get()
    for path in (
        f"/book/?specialization={specialization.slug}",
        f"/doctors/?specialization={specialization.slug}",  # the same wish on another page
        f"/book/?service={closed.service.slug}",
        f"/services/{closed.service.slug}/",
        f"/book/?clinic={closed.clinic.slug}",
    ):
        assert visitor.get(path).status_code == 200
    assert _counted() == [
        (specialization.pk, None, None, 1),
        (None, closed.service.pk, None, 1),
        (None, None, closed.clinic.pk, 1),
    ]


def test_a_week_and_a_day_that_were_asked_for(network: NetworkRef, visitor: Any) -> None:
    today = timezone.now().date()
    bookable = factories.make_bookable(days=())
    free = today + dt.timedelta(days=17)  # beyond the week that a page shows first
    factories.make_hours(
        doctor=bookable.doctor,
        clinic=bookable.clinic,
        days=[free.weekday()],
        valid_from=today + dt.timedelta(days=11),
    )
    base = f"/doctors/{bookable.doctor.slug}/"

    assert (
        visitor.get(base).status_code == 200
    )  # begins with the first day that has times: nobody asked in vain
    assert _counted() == []
    assert visitor.get(base, {"from": today.isoformat()}).status_code == 200
    assert _counted() == [_of_doctor(bookable)]
    week = {"from": (free - dt.timedelta(days=2)).isoformat()}
    visitor.get(base, {**week, "day": free.isoformat()})
    assert SearchMiss.objects.count() == 1
    after = free + dt.timedelta(days=1)
    visitor.get(base, {**week, "day": after.isoformat()})
    assert set(SearchMiss.objects.values_list("wanted_on", flat=True)) == {today, after}


def test_whoever_finds_something_is_not_counted(bookable: Bookable, visitor: Any) -> None:
    specialization = bookable.doctor.specializations.get()
    for path in (
        f"/doctors/{bookable.doctor.slug}/",
        f"/book/time/?doctor={bookable.doctor.slug}",
        f"/book/?specialization={specialization.slug}",
        f"/doctors/?specialization={specialization.slug}",
        f"/book/?service={bookable.service.slug}",
        "/book/",
        "/doctors/",
    ):
        assert visitor.get(path).status_code == 200
    assert _counted() == []


@pytest.mark.parametrize(
    "headers",
    [
        {"HTTP_USER_AGENT": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"},
        {"HTTP_USER_AGENT": "Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)"},
        {"HTTP_USER_AGENT": "TelegramBot (like TwitterBot)"},
        {"HTTP_USER_AGENT": "curl/8.5.0"},
        {"HTTP_USER_AGENT": ""},
        {"HTTP_USER_AGENT": BROWSER, "HTTP_SEC_PURPOSE": "prefetch;prerender"},
        {"HTTP_USER_AGENT": BROWSER, "HTTP_PURPOSE": "prefetch"},
        {"HTTP_USER_AGENT": BROWSER, "HTTP_X_MOZ": "prefetch"},
    ],
)
def test_programs_and_pages_fetched_ahead_are_not_people(
    closed: Bookable, network: NetworkRef, client_for: ClientFor, headers: dict[str, str]
) -> None:
    client_for(network, **headers).get(f"/doctors/{closed.doctor.slug}/")
    assert _counted() == []


def test_looking_without_reading_and_staff_are_not_counted(
    closed: Bookable, visitor: Any, staff_client: StaffClient
) -> None:
    path = f"/doctors/{closed.doctor.slug}/"
    assert visitor.head(path).status_code == 200
    assert staff_client(Role.RECEPTION).get(path, HTTP_USER_AGENT=BROWSER).status_code == 200
    assert _counted() == []


def test_another_person_counts_and_nothing_of_them_is_kept(
    closed: Bookable, network: NetworkRef, client_for: ClientFor
) -> None:
    path = f"/doctors/{closed.doctor.slug}/"
    for address in ("203.0.113.7", "203.0.113.8"):
        client_for(network, HTTP_USER_AGENT=BROWSER, REMOTE_ADDR=address).get(path)
    assert [row[-1] for row in _counted()] == [2]
    keys = cache.client.get_client().keys("*miss:*")  # type: ignore[attr-defined] # django-redis
    assert len(keys) >= 2
    assert not any(b"203.0" in key or b"Mozilla" in key for key in keys)


def test_the_managers_report_shows_it(closed: Bookable, visitor: Any, staff_client: StaffClient) -> None:
    specialization = closed.doctor.specializations.get()
    visitor.get(f"/doctors/{closed.doctor.slug}/")
    [demand] = unmet_demand(period_of({}, today=TODAY))
    assert (demand.specialization, demand.total) == (specialization.name, 1)
    page = staff_client(Role.MANAGER).get("/desk/reports/")
    assert specialization.name in page.content.decode()
