"""Fixtures of the clinic site's tests."""

from __future__ import annotations

from typing import Any

import pytest

from saas.networks.context import NetworkRef
from tests import factories
from tests.factories import Bookable
from tests.tenants.website.helpers import ClientFor


@pytest.fixture
def bookable(network: NetworkRef) -> Bookable:
    return factories.make_bookable()


@pytest.fixture
def client(network: NetworkRef, client_for: ClientFor) -> Any:
    return client_for(network)
