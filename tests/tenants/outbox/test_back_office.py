"""Messages in the back office: seen by managers, sent again by them, by nobody else."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from saas.accounts.roles import Role
from saas.networks.context import NetworkRef, network_context
from tenants.outbox.actions import publish
from tenants.outbox.models import OutboxDelivery
from tests.factories import make_bookable, make_user
from tests.tenants.booking.helpers import book

pytestmark = pytest.mark.django_db

LIST = "/cms/messages/"


def client_of(network: NetworkRef, client_for: Callable[..., Client], role: Role) -> Client:
    client = client_for(network)
    client.force_login(make_user(role=role))
    return client


def test_manager_sees_and_sends_again(network: NetworkRef, client_for: Callable[..., Client]) -> None:
    book(make_bookable())
    OutboxDelivery.objects.update(state="dead", last_code="smtp_rejected")
    delivery = OutboxDelivery.objects.get(consumer="email_patient")
    client = client_of(network, client_for, Role.MANAGER)
    listing = client.get(LIST)
    assert listing.status_code == 200
    assert "smtp_rejected" in listing.content.decode()
    page = client.get(f"{LIST}inspect/{delivery.pk}/")
    assert page.status_code == 200
    assert f"{LIST}act/{delivery.pk}/" in page.content.decode()
    answer = client.post(f"{LIST}act/{delivery.pk}/", {"step": "retry"})
    assert answer.status_code == 302
    with network_context(network):
        delivery.refresh_from_db()
        assert (delivery.state, delivery.attempts) == ("pending", 0)
    assert client.post(f"{LIST}act/{delivery.pk}/", {"step": "cancel"}).status_code == 302
    with network_context(network):
        delivery.refresh_from_db()
        assert delivery.state == "cancelled"
    assert client.post(f"{LIST}retry-all/").status_code == 302
    with network_context(network):
        assert not OutboxDelivery.objects.filter(state="dead").exists()


@pytest.mark.parametrize("role", [Role.RECEPTION, Role.DOCTOR, Role.PATIENT])
def test_others_do_not_see_them(network: NetworkRef, client_for: Callable[..., Client], role: Role) -> None:
    book(make_bookable())
    delivery = OutboxDelivery.objects.first()
    assert delivery is not None
    client = client_of(network, client_for, role)
    for answer in (
        client.get(LIST),
        client.get(f"{LIST}inspect/{delivery.pk}/"),
        client.post(f"{LIST}act/{delivery.pk}/", {"step": "cancel"}),
        client.post(f"{LIST}retry-all/"),
    ):
        assert answer.status_code in {302, 403, 404}
        assert "email_patient" not in answer.content.decode()
    with network_context(network):
        delivery.refresh_from_db()
        assert delivery.state == "pending"


def test_nothing_changes_by_get_or_nonsense(network: NetworkRef, client_for: Callable[..., Client]) -> None:
    publish("x", aggregate_type="x", aggregate_id="1", version=1, payload={}, dedup_key="x")
    book(make_bookable())
    delivery = OutboxDelivery.objects.first()
    assert delivery is not None
    client = client_of(network, client_for, Role.OWNER)
    assert client.get(f"{LIST}act/{delivery.pk}/").status_code == 405
    assert client.get(f"{LIST}retry-all/").status_code == 405
    assert client.post(f"{LIST}act/{delivery.pk}/", {"step": "explode"}).status_code in {302, 403}
    with network_context(network):
        delivery.refresh_from_db()
        assert delivery.state == "pending"
