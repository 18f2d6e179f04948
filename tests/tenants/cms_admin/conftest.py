from __future__ import annotations

import pytest

from saas.accounts.roles import Role
from saas.networks.context import NetworkRef
from tests.factories import Bookable, make_bookable
from tests.fixtures.networks import NetworkClient
from tests.fixtures.staff import StaffClient


@pytest.fixture
def owner(staff_client: StaffClient) -> NetworkClient:
    """A browser in which an owner who reads English is signed in."""
    client = staff_client(Role.OWNER)
    client.cookies["language"] = "en"
    return client


@pytest.fixture
def ready(network: NetworkRef) -> Bookable:
    """A doctor with daily hours 9-17 in Moscow, and what is needed to book."""
    return make_bookable()
