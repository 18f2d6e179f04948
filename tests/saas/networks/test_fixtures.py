"""The fixtures that every other test stands on."""

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import connection

from saas.accounts.models import User
from saas.networks.context import (
    NetworkRef,
    NoSchemaEntered,
    current_network,
    network_context,
    public_context,
)
from saas.networks.models import Network
from tests.fixtures.networks import NetworkFactory

pytestmark = pytest.mark.integration


@pytest.mark.django_db
def test_nothing_is_entered_without_a_network() -> None:
    with pytest.raises(NoSchemaEntered):
        User.objects.count()


@pytest.mark.django_db
def test_network_is_entered_and_rolled_back_first(network: NetworkRef) -> None:
    assert current_network() == network
    assert not User.objects.filter(email="left@example.org").exists()
    User.objects.create_user("left@example.org", "x")


@pytest.mark.django_db
def test_network_is_entered_and_rolled_back_second(network: NetworkRef) -> None:
    assert not User.objects.filter(email="left@example.org").exists()
    User.objects.create_user("left@example.org", "x")


@pytest.mark.django_db(transaction=True)
def test_transactional_test_gets_a_clone_of_its_own(network: NetworkRef) -> None:
    assert network.slug == "fresh"
    User.objects.create_user("committed@example.org", "x")


@pytest.mark.django_db
def test_clone_of_a_transactional_test_is_gone(public_schema: None) -> None:
    assert sorted(Network.objects.values_list("slug", flat=True)) == ["first", "second"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_namespace WHERE nspname LIKE 't\\_%%'")
        assert cursor.fetchone()[0] == 2


@pytest.mark.django_db
def test_content_types_survive(network: NetworkRef) -> None:
    with public_context():
        public = dict(ContentType.objects.values_list("model", "id"))
    assert public
    assert dict(ContentType.objects.values_list("model", "id")) == public


@pytest.mark.django_db
def test_twins_have_equal_ids(twin_networks: tuple[NetworkRef, NetworkRef]) -> None:
    ids = []
    for ref in twin_networks:
        with network_context(ref):
            ids.append(list(User.objects.order_by("id").values_list("id", flat=True)))
    assert ids[0] == ids[1]


@pytest.mark.django_db
def test_network_factory_inside_a_transaction(network_factory: NetworkFactory) -> None:
    third = network_factory("third", language="ru")
    with network_context(third):
        assert ContentType.objects.exists()
