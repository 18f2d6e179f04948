from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from saas.accounts.roles import Role
from saas.networks.context import NetworkRef
from tests.factories import make_user


@pytest.fixture
def staff_client(network: NetworkRef, client_for: Callable[[NetworkRef], Client]) -> Callable[[Role], Client]:
    """Returns a browser in which somebody with the role is signed in."""

    def sign_in(role: Role) -> Client:
        client = client_for(network)
        client.force_login(make_user(role=role))
        return client

    return sign_in
