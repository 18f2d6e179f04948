"""The guest's link, and housekeeping."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from psycopg2.extras import DateTimeTZRange

from saas.networks.context import NetworkRef, network_context, public_context
from saas.networks.errors import BadLink, ExpiredLink
from saas.networks.signing import sign
from tenants.booking.idempotency import run_once
from tenants.booking.links import PURPOSE, appointment_from_token, manage_path
from tenants.booking.models import Claim, IdempotencyKey, Resource
from tenants.booking.tasks import tidy_all
from tests.factories import make_bookable
from tests.tenants.booking.helpers import NINE, book

pytestmark = pytest.mark.django_db


def token_of(path: str) -> str:
    return path.removeprefix("/visits/").removesuffix("/")


def test_link_leads_to_the_visit(network: NetworkRef) -> None:
    appointment = book(make_bookable())
    path = manage_path(appointment)
    assert path.startswith("/visits/")
    assert appointment_from_token(token_of(path)) == appointment


@pytest.mark.parametrize("token", ["", "x", "a:b:c", "é", "\x00", "a" * 5000])
def test_nonsense_is_a_bad_link(network: NetworkRef, token: str) -> None:
    with pytest.raises(BadLink):
        appointment_from_token(token)


def test_tampered_link(network: NetworkRef) -> None:
    token = token_of(manage_path(book(make_bookable())))
    for changed in (token[:-1], token + "x", token[::-1], token.swapcase()):
        with pytest.raises(BadLink):
            appointment_from_token(changed)


@pytest.mark.parametrize("value", [None, 7, "x", ["a"], {"id": 1}, "0" * 32])
def test_signed_but_not_an_appointment(network: NetworkRef, value: object) -> None:
    with pytest.raises(BadLink):
        appointment_from_token(sign(value, purpose=PURPOSE))


def test_link_of_another_purpose(network: NetworkRef) -> None:
    appointment = book(make_bookable())
    with pytest.raises(BadLink):
        appointment_from_token(sign(appointment.public_id.hex, purpose="password"))


def test_link_expires_long_after_the_visit(network: NetworkRef) -> None:
    start = dt.datetime(2027, 1, 11, tzinfo=dt.UTC)
    with time_machine.travel(start):
        token = token_of(manage_path(book(make_bookable())))
    with time_machine.travel(start + dt.timedelta(days=399)):
        assert appointment_from_token(token).pk
    with time_machine.travel(start + dt.timedelta(days=401)), pytest.raises(ExpiredLink):
        appointment_from_token(token)


def test_link_of_a_twin_network(twin_networks: tuple[NetworkRef, NetworkRef]) -> None:
    one, two = twin_networks
    with network_context(one):
        token = token_of(manage_path(book(make_bookable())))
    with network_context(two), pytest.raises(BadLink):
        appointment_from_token(token)


def test_tidying_releases_expired_holds_and_old_keys(network: NetworkRef) -> None:
    resource = Resource.objects.get(doctor=make_bookable().doctor)
    clock = dt.datetime.now(tz=dt.UTC)
    hour = dt.timedelta(hours=1)
    for number, expires_at in enumerate((clock - hour, clock + hour)):
        span = DateTimeTZRange(NINE + number * hour, NINE + (number + 1) * hour)
        Claim.objects.create(resource=resource, span=span, kind="hold", expires_at=expires_at)
    for key in ("old", "new"):
        run_once(scope="test", key=key, fingerprint="f", work=lambda: (201, {}))
    IdempotencyKey.objects.filter(key="old").update(created_at=clock - dt.timedelta(hours=49))
    with public_context():
        tidy_all()
    assert list(Claim.objects.order_by("id").values_list("active", flat=True)) == [False, True]
    assert list(IdempotencyKey.objects.values_list("key", flat=True)) == ["new"]
