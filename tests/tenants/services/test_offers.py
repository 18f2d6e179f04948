from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from contextlib import AbstractContextManager
from decimal import Decimal
from typing import Any

import pytest

from tenants.booking.offer_cache import offers_on
from tenants.services.models import ServiceOverride
from tenants.services.offers import Offer, offer_periods, offers_for
from tests.factories import Bookable, make_bookable, make_clinic, make_doctor, make_service

pytestmark = [pytest.mark.django_db, pytest.mark.integration]
DAY = dt.date(2026, 6, 15)


def only(ready: Bookable, **wanted: Any) -> Offer:
    [offer] = offers_for(service_id=ready.service.pk, on_date=DAY, **wanted)
    return offer


@pytest.mark.parametrize("rows", [1, 3])
def test_two_queries_whatever_the_number(
    network: object, rows: int, django_assert_num_queries: Callable[[int], AbstractContextManager[object]]
) -> None:
    for _ in range(rows):
        make_bookable()
    offers_for()

    with django_assert_num_queries(2):
        offers = offers_for()

    assert len(offers) == rows


def test_offer_says_everything(network: object) -> None:
    ready = make_bookable(time_zone="Asia/Yekaterinburg", duration_minutes=40, price="3200")

    assert only(ready) == Offer(
        service_id=ready.service.pk,
        doctor_id=ready.doctor.pk,
        clinic_id=ready.clinic.pk,
        price=Decimal("3200.00"),
        currency="RUB",
        duration_minutes=40,
        time_zone="Asia/Yekaterinburg",
    )


def test_doctor_service_and_clinic_must_meet(network: object) -> None:
    here, there = make_clinic(), make_clinic()
    both = make_doctor(clinics=[here, there])
    only_there = make_doctor(clinics=[there])
    service = make_service(doctors=[both, only_there], clinics=[here])

    offers = offers_for(service_id=service.pk)

    assert [(offer.doctor_id, offer.clinic_id) for offer in offers] == [(both.pk, here.pk)]


@pytest.mark.parametrize("part", ["doctor", "service", "clinic"])
def test_inactive_parts_offer_nothing(network: object, part: str) -> None:
    ready = make_bookable()
    row = getattr(ready, part)
    row.is_active = False
    row.save()

    assert offers_for() == []


def test_filters(network: object) -> None:
    one, two = make_bookable(), make_bookable()

    assert [offer.doctor_id for offer in offers_for(doctor_ids=[two.doctor.pk])] == [two.doctor.pk]
    assert [offer.doctor_id for offer in offers_for(clinic_id=one.clinic.pk)] == [one.doctor.pk]
    assert offers_for(doctor_ids=[]) == []
    assert offers_for(service_id=one.service.pk, clinic_id=two.clinic.pk) == []


def test_most_specific_override_wins_field_by_field(network: object) -> None:
    ready = make_bookable()
    rows = ServiceOverride.objects
    rows.create(service=ready.service, is_first_visit=True, price=Decimal(1000), duration_minutes=60)
    rows.create(service=ready.service, clinic=ready.clinic, price=Decimal(2000))
    rows.create(service=ready.service, doctor=ready.doctor, duration_minutes=50)

    first = only(ready, is_first_visit=True)
    unknown = only(ready)

    assert (first.price, first.duration_minutes) == (Decimal(2000), 50)
    assert (unknown.price, unknown.duration_minutes) == (Decimal(2000), 50)


def test_price_of_a_first_visit_needs_to_be_known_as_one(network: object) -> None:
    ready = make_bookable(price="2500")
    ServiceOverride.objects.create(service=ready.service, is_first_visit=True, price=Decimal(1900))

    assert only(ready, is_first_visit=True).price == Decimal(1900)
    assert only(ready, is_first_visit=False).price == Decimal(2500)
    assert only(ready).price == Decimal(2500)


def test_validity_includes_both_ends_and_the_later_one_wins(network: object) -> None:
    ready = make_bookable(price="2500")
    rows = ServiceOverride.objects
    rows.create(service=ready.service, price=Decimal(100), valid_from=DAY, valid_until=DAY)
    rows.create(service=ready.service, price=Decimal(200), valid_from=DAY - dt.timedelta(days=5))

    assert only(ready).price == Decimal(100)
    [next_day] = offers_for(service_id=ready.service.pk, on_date=DAY + dt.timedelta(days=1))
    [long_before] = offers_for(service_id=ready.service.pk, on_date=DAY - dt.timedelta(days=6))
    assert (next_day.price, long_before.price) == (Decimal(200), Decimal(2500))


def test_periods_say_what_each_day_says(network: object) -> None:
    ready = make_bookable(price="2500")
    rows = ServiceOverride.objects
    rows.create(service=ready.service, price=Decimal(100), valid_from=DAY, valid_until=DAY)
    rows.create(service=ready.service, price=Decimal(200), valid_from=DAY - dt.timedelta(days=5))
    rows.create(service=ready.service, duration_minutes=45, valid_until=DAY + dt.timedelta(days=2))
    periods = offer_periods(doctor_id=ready.doctor.pk, service_id=ready.service.pk)

    for day in (DAY + dt.timedelta(days=shift) for shift in range(-8, 8)):
        asked = offers_for(doctor_ids=[ready.doctor.pk], service_id=ready.service.pk, on_date=day)
        assert offers_on(periods, day) == asked
    assert [len(offer_periods(doctor_id=0, service_id=0)), periods[0].since] == [1, dt.date.min]


def test_override_of_another_doctor_does_not_count(network: object) -> None:
    ready = make_bookable(price="2500")
    ServiceOverride.objects.create(service=ready.service, doctor=make_doctor(), price=Decimal(1))

    assert only(ready).price == Decimal(2500)
