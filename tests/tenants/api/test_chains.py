"""Several services in one visit over the API: the search, booking all or none, who may, and what is refused."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import uuid4

import pytest

from saas.networks.context import NetworkRef, network_context
from tenants.api.models import ApiScope
from tenants.booking.models import Appointment
from tests.factories import Bookable, make_bookable
from tests.tenants.api.asking import CONTACTS, Caller, at, counted, day_ahead, token_for, wish

pytestmark = pytest.mark.django_db

Pair = tuple[Bookable, Bookable]


@pytest.fixture
def pair(network: NetworkRef) -> Pair:
    """Two doctors of one clinic, each with a service of half an hour."""
    one = make_bookable()
    return one, make_bookable(clinic=one.clinic)


def search(pair: Pair, **changes: object) -> str:
    one, two = pair
    asked = {
        "services": f"{one.service.pk},{two.service.pk}",
        "clinic": one.clinic.pk,
        "date": day_ahead(3),
        **changes,
    }
    return "chains/options/?" + "&".join(
        f"{name}={value}" for name, value in asked.items() if value is not None
    )


def booking(pair: Pair, *, minutes: int = 30, **changes: Any) -> dict[str, Any]:
    one, two = pair
    second = dt.datetime.fromisoformat(at(10)) + dt.timedelta(minutes=minutes)
    return {
        "clinic": one.clinic.pk,
        "parts": [
            {"doctor": one.doctor.pk, "service": one.service.pk, "starts_at": at(10)},
            {"doctor": two.doctor.pk, "service": two.service.pk, "starts_at": second.isoformat()},
        ],
        "patient": CONTACTS,
        **changes,
    }


def test_what_is_found_can_be_booked(network: NetworkRef, pair: Pair) -> None:
    caller = Caller(network)
    status, found = caller.get(search(pair, limit=3))
    assert status == 200
    assert [way["starts_at"] for way in found["results"]] == [at(9), at(9, 30), at(10)]
    way = found["results"][0]
    assert (way["ends_at"], way["waiting_minutes"]) == (at(10), 0)
    parts = [{name: part[name] for name in ("doctor", "service", "starts_at")} for part in way["parts"]]
    status, made = caller.post("chains/", booking(pair, parts=parts))
    assert (status, made["kind"]) == (201, "chain")
    assert [visit["starts_at"] for visit in made["appointments"]] == [at(9), at(9, 30)]
    assert all(visit["manage_url"] for visit in made["appointments"])


def test_a_doctor_may_be_named_and_the_order_left_open(network: NetworkRef, pair: Pair) -> None:
    one, two = pair
    caller = Caller(network)
    found = caller.get(search(pair, doctors=f"{one.doctor.pk},0"))[1]["results"]
    assert found[0]["parts"][0]["doctor"] == one.doctor.pk
    assert caller.get(search(pair, doctors=f"{two.doctor.pk},0"))[1]["results"] == []
    for hour in (9, 10, 11, 12, 13, 14, 15, 16):
        for minute in (0, 30):
            if (hour, minute) != (10, 0):
                who = {**CONTACTS, "first_name": f"Nina{hour}{minute}"}
                body = wish(two, at(hour, minute), patient=who)
                assert caller.post("appointments/", body)[0] == 201
    given = caller.get(search(pair))[1]["results"]
    assert [way["starts_at"] for way in given] == [at(9, 30)]
    [first, *_rest] = caller.get(search(pair, order="any", doctors=f"0,{two.doctor.pk}"))[1]["results"]
    assert first["starts_at"] in {at(9, 30), at(10)}
    after = caller.get(search((two, one)))[1]["results"]
    assert [way["starts_at"] for way in after] == [at(10)]


def test_a_taken_part_means_none_and_says_what_is_free(network: NetworkRef, pair: Pair) -> None:
    caller = Caller(network)
    other = {**CONTACTS, "first_name": "Vera"}
    assert caller.post("appointments/", wish(pair[1], at(10, 30), patient=other))[0] == 201
    status, refused = caller.post("chains/", booking(pair))
    assert (status, refused["code"]) == (409, "chain_conflict")
    assert (refused["params"]["part"], refused["params"]["cause"]) == (2, "slot_taken")
    way = refused["params"]["alternatives"][0]
    parts = [{name: part[name] for name in ("doctor", "service", "starts_at")} for part in way]
    assert Appointment.objects.count() == 1
    assert caller.post("chains/", booking(pair, parts=parts))[0] == 201


def test_the_same_request_books_once(network: NetworkRef, pair: Pair) -> None:
    caller = Caller(network)
    key = {"Idempotency-Key": str(uuid4())}
    first = caller.post("chains/", booking(pair), **key)
    assert first[0] == 201
    assert caller.post("chains/", booking(pair), **key) == first
    assert Appointment.objects.count() == 2


def test_parts_must_follow_each_other(network: NetworkRef, pair: Pair) -> None:
    for minutes in (-30, 0, 15):
        status, refused = Caller(network).post("chains/", booking(pair, minutes=minutes))
        assert status in {409, 422}, (minutes, refused)
        assert refused["code"] in {"bad_chain", "chain_conflict"}
    assert not Appointment.objects.exists()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"services": None}, "services"),
        ({"services": "1"}, "services"),
        ({"services": "1,x"}, "services"),
        ({"services": "1,2,3,4,5,6,7"}, "services"),
        ({"services": "1,2,3,4,5,6", "order": "any"}, "services"),
        ({"doctors": "1"}, "doctors"),
        ({"clinic": None}, "clinic"),
        ({"clinic": 2**40}, "clinic"),
        ({"date": None}, "date"),
        ({"date": "soon"}, "date"),
        ({"days": 8}, "days"),
        ({"limit": 21}, "limit"),
        ({"order": "best"}, "order"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_bad_searches(network: NetworkRef, pair: Pair, changes: dict[str, object], field: str) -> None:
    status, refused = Caller(network).get(search(pair, **changes))
    assert (status, list(refused["fields"])) == (400, [field])


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"parts": []}, 400),
        ({"parts": [{"doctor": 1, "service": 1, "starts_at": at(10)}]}, 400),
        ({"parts": "both"}, 400),
        ({"clinic": 2**40}, 422),
        ({"patient": None}, 400),
        ({"surprise": 1}, 400),
    ],
)
def test_bad_bookings(network: NetworkRef, pair: Pair, changes: dict[str, Any], status: int) -> None:
    assert Caller(network).post("chains/", booking(pair, **changes))[0] == status
    assert not Appointment.objects.exists()


def test_who_may(network: NetworkRef, pair: Pair) -> None:
    reader = Caller(network, token=token_for(network, ApiScope.CATALOGUE_READ))
    writer = Caller(network, token=token_for(network, ApiScope.APPOINTMENTS_WRITE))
    assert reader.get(search(pair))[0] == 200
    assert reader.post("chains/", booking(pair))[0] == 403
    assert writer.get(search(pair))[0] == 403
    assert Caller(network, token="pc_wrong").get(search(pair))[0] == 401
    assert writer.post("chains/", booking(pair))[0] == 201


def test_twins_do_not_meet(twin_networks: tuple[NetworkRef, NetworkRef]) -> None:
    pairs = []
    for network in twin_networks:
        with network_context(network):
            one = make_bookable()
            pairs.append((one, make_bookable(clinic=one.clinic)))
    first, second = twin_networks
    token = token_for(first)
    assert Caller(first, token=token).post("chains/", booking(pairs[0]))[0] == 201
    assert Caller(second, token=token).post("chains/", booking(pairs[1]))[0] == 401
    assert Caller(second).post("chains/", booking(pairs[1]))[0] == 201


@pytest.mark.parametrize("more", [0, 4])
def test_queries_do_not_grow_with_the_catalogue(network: NetworkRef, pair: Pair, more: int) -> None:
    for _number in range(more):
        make_bookable(clinic=pair[0].clinic)
    caller = Caller(network)
    caller.get(search(pair))
    with counted() as statements:
        assert caller.get(search(pair))[1]["results"]
    assert len(statements) == 1 + 2 * (
        2 + 1
    )  # the zone; for each service its offers (two), its doctor's times
