"""Calendars to subscribe to, and searches that found nothing."""

from __future__ import annotations

import datetime as dt

import pytest
from icalendar import Calendar

from saas.core.errors import NotFound
from saas.networks.context import NetworkRef, network_context
from tenants.audit.actions import SYSTEM
from tenants.booking.feeds.actions import MOST_FEEDS, TooManyFeeds, create_feed, find_feed, revoke_feed
from tenants.booking.feeds.selectors import feed_calendar, feeds_of
from tenants.booking.misses import Demand, note_miss, suggested_shifts, unmet_demand
from tenants.booking.models import CalendarFeed, SearchMiss
from tests.factories import make_bookable, make_patient, make_specialization
from tests.tenants.booking.helpers import NINE, NOW, book

pytestmark = pytest.mark.django_db

MONDAY = dt.date(2027, 1, 11)


def secret_of(path: str) -> str:
    return path.removeprefix("/calendar/").removesuffix(".ics")


def test_a_doctors_calendar_names_nobody(network: NetworkRef) -> None:
    bookable = make_bookable()
    visit = book(bookable)
    feed, _path = create_feed(doctor_id=bookable.doctor.pk, actor=SYSTEM)
    text = feed_calendar(feed, now=NOW).text()
    for private in (bookable.patient.last_name, bookable.patient.phone, bookable.patient.email):
        assert private not in text
    [event] = list(Calendar.from_ical(text).walk("VEVENT"))
    assert str(event["summary"]) == f"{bookable.service.name}: P. I."
    assert event.decoded("dtstart") == NINE
    assert str(event["uid"]).startswith(str(visit.public_id))
    assert [str(part["tzid"]) for part in Calendar.from_ical(text).walk("VTIMEZONE")] == ["Europe/Moscow"]


def test_a_patients_calendar_has_own_visits_only(network: NetworkRef) -> None:
    bookable = make_bookable()
    book(bookable)
    other = make_patient()
    book(bookable, NINE + dt.timedelta(hours=1), patient_id=other.pk)
    feed, _path = create_feed(patient_id=other.pk, actor=SYSTEM)
    [event] = list(Calendar.from_ical(feed_calendar(feed, now=NOW).text()).walk("VEVENT"))
    assert event.decoded("dtstart") == NINE + dt.timedelta(hours=1)
    assert str(bookable.doctor) in str(event["summary"])


def test_the_etag_follows_the_visits(network: NetworkRef) -> None:
    bookable = make_bookable()
    feed, _path = create_feed(doctor_id=bookable.doctor.pk, actor=SYSTEM)
    empty = feed_calendar(feed, now=NOW).etag
    assert feed_calendar(feed, now=NOW).etag == empty
    book(bookable)
    assert feed_calendar(feed, now=NOW).etag != empty


def test_a_revoked_address_is_unknown(network: NetworkRef) -> None:
    bookable = make_bookable()
    feed, path = create_feed(doctor_id=bookable.doctor.pk, actor=SYSTEM)
    assert secret_of(path) not in CalendarFeed.objects.values_list("token_hash", flat=True)
    assert find_feed(secret_of(path), now=NOW) == feed
    assert CalendarFeed.objects.get().last_used_on == NOW.date()
    with pytest.raises(NotFound):
        revoke_feed(feed_id=feed.pk, doctor_id=bookable.doctor.pk + 1, actor=SYSTEM, now=NOW)
    for _ in range(2):
        revoke_feed(feed_id=feed.pk, doctor_id=bookable.doctor.pk, actor=SYSTEM, now=NOW)
    assert find_feed(secret_of(path), now=NOW) is None
    assert find_feed("cal_nonsense", now=NOW) is None
    assert feeds_of(doctor_id=bookable.doctor.pk) == []


def test_addresses_of_one_person_are_few(network: NetworkRef) -> None:
    patient = make_patient()
    for _ in range(MOST_FEEDS):
        create_feed(patient_id=patient.pk, actor=SYSTEM)
    with pytest.raises(TooManyFeeds):
        create_feed(patient_id=patient.pk, actor=SYSTEM)
    assert len(feeds_of(patient_id=patient.pk)) == MOST_FEEDS
    with pytest.raises(ValueError, match="one doctor or of one patient"):
        create_feed(actor=SYSTEM)


def test_an_address_is_dead_in_another_network(twin_networks: tuple[NetworkRef, NetworkRef]) -> None:
    one, two = twin_networks
    with network_context(one):
        _feed, path = create_feed(doctor_id=make_bookable().doctor.pk, actor=SYSTEM)
    with network_context(two):
        make_bookable()
        assert find_feed(secret_of(path), now=NOW) is None


def test_misses_are_counted_once_for_each_searcher(network: NetworkRef) -> None:
    heart = make_specialization()
    for searcher in ("anna", "anna", "boris", ""):
        note_miss(wanted_on=MONDAY, hour=18, specialization_id=heart.pk, searcher=searcher)
    assert [(miss.hour, miss.count) for miss in SearchMiss.objects.all()] == [(18, 3)]


def test_a_search_for_a_doctor_counts_for_the_specialization(network: NetworkRef) -> None:
    bookable = make_bookable()
    note_miss(wanted_on=MONDAY, doctor_id=bookable.doctor.pk)
    assert SearchMiss.objects.get().specialization == bookable.doctor.specialization


def test_a_search_for_what_is_not_there_fails_nothing(network: NetworkRef) -> None:
    note_miss(wanted_on=MONDAY, specialization_id=10**9)
    note_miss(wanted_on=MONDAY, service_id=10**9)
    assert not SearchMiss.objects.exists()


def test_demand_is_summed_by_weekday_and_hour(network: NetworkRef) -> None:
    heart = make_specialization()
    for day, hour in ((MONDAY, 18), (MONDAY + dt.timedelta(days=7), 18), (MONDAY, 19)):
        note_miss(wanted_on=day, hour=hour, specialization_id=heart.pk)
    demand = unmet_demand(since=MONDAY, until=MONDAY + dt.timedelta(days=30))
    assert demand == [Demand(heart.pk, 0, 18, 2), Demand(heart.pk, 0, 19, 1)]
    assert unmet_demand(since=MONDAY - dt.timedelta(days=9), until=MONDAY) == []


def test_a_shift_is_suggested_where_most_were_turned_away() -> None:
    demand = [
        Demand(1, 0, 18, 5),
        Demand(1, 0, 20, 2),
        Demand(1, 0, 8, 3),
        Demand(1, 0, -1, 4),
        Demand(2, 5, -1, 2),
    ]
    evening, morning = suggested_shifts(demand)
    assert (evening.specialization_id, evening.weekday, evening.served) == (1, 0, 11)
    assert evening.start_hour <= 18
    assert evening.end_hour > 20
    assert (morning.specialization_id, morning.start_hour, morning.end_hour, morning.served) == (2, 9, 13, 2)
