"""Stored free time: always windows minus claims, and what searches find in it is what the engine would say."""

from __future__ import annotations

import datetime as dt
import random
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection
from psycopg2.extras import DateTimeTZRange

from saas.networks.context import NetworkRef, network_context
from tenants.audit.actions import SYSTEM
from tenants.booking.actions import block_time, cancel_appointment
from tenants.booking.actions.blocking import unblock_time
from tenants.booking.gaps import store
from tenants.booking.gaps.upkeep import check_sample, first_kept, keep_up, rebuild_all
from tenants.booking.models import (
    BookingCap,
    Claim,
    FreeGap,
    PolicyOverride,
    Resource,
    ResourceKind,
    ResourcePool,
    ServiceRequirement,
)
from tenants.booking.selectors import (
    Slot,
    first_free_by_doctor,
    first_free_slots,
    free_slots,
    free_slots_of_many,
    month_heat,
)
from tenants.services.models import ServiceOverride
from tests.factories import (
    Bookable,
    make_bookable,
    make_clinic,
    make_doctor,
    make_hours,
    make_patient,
    make_service,
    make_specialization,
)
from tests.tenants.booking.helpers import NINE, NOW, book, set_policy

pytestmark = pytest.mark.django_db

HALF_HOUR = dt.timedelta(minutes=30)
ONE_DAY = dt.timedelta(days=1)


def resource_of(bookable: Bookable) -> Resource:
    return Resource.objects.get(doctor=bookable.doctor)


def drift() -> list[int]:
    ids = list(Resource.objects.values_list("pk", flat=True))
    return store.drifted(ids, first=NOW.date())


def build(*bookables: Bookable) -> None:
    """Have windows and gaps built, as the first reader would."""
    first_free_by_doctor(doctor_ids=[each.doctor.pk for each in bookables], now=NOW)


def soonest_by_the_engine(bookables: list[Bookable], limit: int) -> list[tuple[dt.datetime, int]]:
    found: list[Slot] = []
    for each in bookables:
        found += free_slots(
            doctor_id=each.doctor.pk,
            service_id=each.service.pk,
            start=NOW.date(),
            end=NOW.date() + 20 * ONE_DAY,
            now=NOW,
        )
    return sorted((slot.starts_at, slot.doctor_id) for slot in found)[:limit]


def test_a_booking_takes_its_time_out_of_the_gaps(network: NetworkRef) -> None:
    bookable = make_bookable()
    build(bookable)
    day = dt.date(2027, 1, 12)
    before = list(FreeGap.objects.filter(local_date=day).values_list("starts_at", "ends_at"))
    assert before == [(NINE, NINE + 8 * dt.timedelta(hours=1))]
    version = resource_of(bookable).version
    book(bookable, NINE + HALF_HOUR)
    gaps = FreeGap.objects.filter(local_date=day).order_by("starts_at")
    assert list(gaps.values_list("starts_at", "ends_at", "window_starts_at")) == [
        (NINE, NINE + HALF_HOUR, NINE),
        (NINE + 2 * HALF_HOUR, NINE + 8 * dt.timedelta(hours=1), NINE),
    ]
    assert resource_of(bookable).version > version
    assert drift() == []


def test_cancelling_gives_the_time_back_after_the_commit(
    network: NetworkRef, django_capture_on_commit_callbacks: pytest.FixtureRequest
) -> None:
    bookable = make_bookable()
    build(bookable)
    visit = book(bookable)
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator] # pytest-django's fixture
        cancel_appointment(public_id=visit.public_id, actor=SYSTEM, now=NOW, for_staff=True)
    assert drift() == []
    assert first_free_slots(limit=1, from_date=NINE.date(), now=NOW)[0].starts_at == NINE


def test_blocks_close_and_open_gaps(
    network: NetworkRef, django_capture_on_commit_callbacks: pytest.FixtureRequest
) -> None:
    bookable = make_bookable()
    build(bookable)
    block = block_time(
        doctor_id=bookable.doctor.pk,
        clinic_id=None,
        starts_at=NINE,
        ends_at=NINE + ONE_DAY + HALF_HOUR,
        reason="",
        actor=SYSTEM,
    )
    assert drift() == []
    assert (
        first_free_slots(limit=1, from_date=NINE.date(), now=NOW)[0].starts_at == NINE + ONE_DAY + HALF_HOUR
    )
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator] # pytest-django's fixture
        unblock_time(claim_id=block.pk, actor=SYSTEM)
    assert drift() == []


def test_new_hours_are_found_at_once(network: NetworkRef) -> None:
    bookable = make_bookable()
    build(bookable)
    make_hours(doctor=bookable.doctor, clinic=bookable.clinic, windows=[("06:00", "08:00")])
    assert first_free_slots(limit=1, from_date=NINE.date(), now=NOW)[0].starts_at == NINE - 3 * dt.timedelta(
        hours=1
    )
    assert drift() == []


def test_rooms_have_no_gaps(network: NetworkRef) -> None:
    bookable = make_bookable()
    build(bookable)
    room = Resource.objects.create(kind=ResourceKind.ROOM, clinic=bookable.clinic, name="1")
    store.rewrite(room.pk, [NINE.date()])
    assert not FreeGap.objects.filter(resource=room).exists()


def test_rewriting_named_days_is_enough(network: NetworkRef) -> None:
    bookable = make_bookable()
    build(bookable)
    resource = resource_of(bookable)
    Claim.objects.create(resource=resource, span=DateTimeTZRange(NINE, NINE + HALF_HOUR), kind="block")
    assert drift() == [resource.pk]
    store.rewrite(resource.pk, [NINE.date()])
    assert drift() == []
    store.rewrite(resource.pk, [])


def test_the_nightly_check_repairs_what_drifted(network: NetworkRef) -> None:
    one, other = make_bookable(), make_bookable()
    build(one, other)
    FreeGap.objects.filter(resource=resource_of(one), local_date=NINE.date()).delete()
    found = check_sample(now=NOW)
    assert (found.compared, found.repaired) == (2, (resource_of(one).pk,))
    assert keep_up(now=NOW).repaired == ()
    assert not FreeGap.objects.filter(local_date__lt=first_kept(NOW)).exists()


def test_the_command_builds_all_anew(network: NetworkRef) -> None:
    bookable = make_bookable()
    build(bookable)
    before = FreeGap.objects.count()
    FreeGap.objects.all().delete()
    assert rebuild_all(now=NOW) == 1
    assert 0 < FreeGap.objects.count() <= before
    FreeGap.objects.all().delete()
    output = StringIO()
    call_command("rebuild_gaps", network.schema_name, stdout=output)
    assert "1 doctors" in output.getvalue()
    call_command("rebuild_gaps", network.schema_name, "--check", "5", stdout=output)
    assert "1 compared, 0 repaired" in output.getvalue()


@pytest.mark.parametrize("seed", range(4))
def test_gaps_equal_the_oracle_and_searches_the_engine(network: NetworkRef, seed: int) -> None:
    dice = random.Random(seed)
    set_policy(slot_step_minutes=dice.choice([0, 0, 20]), minimum_notice_minutes=dice.choice([0, 90]))
    bookables = [
        make_bookable(
            time_zone=dice.choice(["Europe/Moscow", "Asia/Yekaterinburg", "America/New_York"]),
            duration_minutes=dice.choice([20, 30, 45]),
            windows=dice.choice(
                [[("09:00", "12:10"), ("13:00", "15:00")], [("20:00", "02:00")], [("08:30", "10:00")]]
            ),
        )
        for _ in range(3)
    ]
    build(*bookables)
    for each in bookables:
        slots = free_slots(
            doctor_id=each.doctor.pk,
            service_id=each.service.pk,
            start=NOW.date(),
            end=NOW.date() + 5 * ONE_DAY,
            now=NOW,
        )
        taken: list[Slot] = []
        for slot in dice.sample(slots, k=min(len(slots), 8)):
            if all(other.ends_at <= slot.starts_at or slot.ends_at <= other.starts_at for other in taken):
                taken.append(slot)
                book(each, slot.starts_at, patient_id=make_patient().pk)
    assert drift() == []
    ids = [each.doctor.pk for each in bookables]
    found = free_slots_of_many(
        doctor_ids=ids, start=NOW.date(), end=NOW.date() + 20 * ONE_DAY, now=NOW, limit=60
    )
    assert [(slot.starts_at, slot.doctor_id) for slot in found] == soonest_by_the_engine(bookables, 60)
    firsts = first_free_by_doctor(doctor_ids=ids, now=NOW)
    for each in bookables:
        assert firsts[each.doctor.pk].starts_at == soonest_by_the_engine([each], 1)[0][0]


def test_searches_ask_the_engine_where_rooms_decide(network: NetworkRef) -> None:
    bookable = make_bookable()
    room = Resource.objects.create(kind=ResourceKind.ROOM, clinic=bookable.clinic, name="1")
    pool = ResourcePool.objects.create(name="rooms")
    pool.resources.add(room)
    ServiceRequirement.objects.create(service=bookable.service, pool=pool)
    build(bookable)
    Claim.objects.create(resource=room, span=DateTimeTZRange(NINE, NINE + HALF_HOUR), kind="block")
    assert first_free_slots(limit=1, from_date=NINE.date(), now=NOW)[0].starts_at == NINE + HALF_HOUR
    found = first_free_by_doctor(doctor_ids=[bookable.doctor.pk], from_date=NINE.date(), now=NOW)
    assert found[bookable.doctor.pk].starts_at == NINE + HALF_HOUR


def test_searches_keep_to_limits_of_visits(network: NetworkRef) -> None:
    bookable = make_bookable()
    book(bookable)
    BookingCap.objects.create(doctor=bookable.doctor, most=1)
    found = first_free_slots(limit=1, from_date=NINE.date(), now=NOW)
    assert found[0].starts_at == NINE + ONE_DAY


def test_searches_keep_to_the_notice_of_a_service(network: NetworkRef) -> None:
    bookable = make_bookable()
    PolicyOverride.objects.create(service=bookable.service, minimum_notice_minutes=3 * 24 * 60)
    assert first_free_slots(limit=1, now=NOW)[0].starts_at >= NOW + 3 * ONE_DAY


def test_searches_filter_by_language_price_and_date(network: NetworkRef) -> None:
    cheap, dear = make_bookable(price=1000), make_bookable(price=5000)
    dear.doctor.languages = ["Deutsch"]
    dear.doctor.save()
    assert {slot.doctor_id for slot in first_free_slots(limit=4, max_price=Decimal(1000), now=NOW)} == {
        cheap.doctor.pk
    }
    assert {slot.doctor_id for slot in first_free_slots(limit=4, language="Deutsch", now=NOW)} == {
        dear.doctor.pk
    }
    later = first_free_slots(limit=1, from_date=dt.date(2027, 2, 1), now=NOW)
    assert later[0].local_date == dt.date(2027, 2, 1)
    assert first_free_slots(limit=1, language="Klingon", now=NOW) == []


def test_searches_know_tomorrows_price(network: NetworkRef) -> None:
    bookable = make_bookable()
    day = dt.date(2027, 1, 12)
    ServiceOverride.objects.create(
        service=bookable.service, price=Decimal(100), duration_minutes=60, valid_from=day
    )
    found = free_slots_of_many(start=day - ONE_DAY, end=day + ONE_DAY, now=NOW, limit=100)
    assert {(slot.local_date, slot.price, slot.ends_at - slot.starts_at) for slot in found} == {
        (day - ONE_DAY, Decimal("2500.00"), HALF_HOUR),
        (day, Decimal(100), 2 * HALF_HOUR),
    }


def test_a_month_shows_how_much_is_free(network: NetworkRef) -> None:
    bookable = make_bookable()
    build(bookable)
    book(bookable)
    days = month_heat(year=2027, month=1, now=NOW)
    by_day = {day.local_date.day: (day.free_minutes, day.doctors) for day in days}
    assert len(days) == 31
    assert by_day[10] == (0, 0)
    assert by_day[12] == (450, 1)
    assert by_day[13] == (480, 1)
    empty = month_heat(year=2027, month=1, specialization_id=make_specialization().pk, now=NOW)
    assert not any(day.free_minutes for day in empty)


def test_one_statement_serves_thousands(network: NetworkRef) -> None:
    clinic = make_clinic()
    service = make_service(clinics=[clinic])
    doctors = [make_doctor(clinics=[clinic], services=[service]) for _ in range(12)]
    for doctor in doctors:
        make_hours(doctor=doctor, clinic=clinic)
    first_free_slots(limit=5, now=NOW)
    with connection.execute_wrapper(_counter := _Counter()):
        assert len(first_free_slots(limit=5, now=NOW)) == 5
    assert _counter.count == 2


class _Counter:
    count = 0

    def __call__(self, execute, sql, params, many, context):  # type: ignore[no-untyped-def] # Django's hook
        self.count += 1
        return execute(sql, params, many, context)


def test_networks_do_not_find_each_others_times(twin_networks: tuple[NetworkRef, NetworkRef]) -> None:
    one, two = twin_networks
    with network_context(one):
        bookable = make_bookable()
        assert first_free_slots(limit=1, now=NOW)
    with network_context(two):
        assert first_free_slots(limit=1, now=NOW) == []
        assert free_slots_of_many(start=NOW.date(), end=NOW.date() + ONE_DAY, now=NOW, limit=5) == []
        assert first_free_by_doctor(doctor_ids=[bookable.doctor.pk], now=NOW) == {}
