from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from saas.networks.context import NetworkRef, network_context
from tenants.clinics.selectors import organisation

pytestmark = [pytest.mark.django_db, pytest.mark.integration]


def test_profile_is_made_at_provisioning_and_cached(
    network: NetworkRef, django_assert_num_queries: Callable[[int], AbstractContextManager[object]]
) -> None:
    first = organisation()

    with django_assert_num_queries(0):
        again = organisation()

    assert first.name == again.name == network.name
    assert first.email == ""


def test_saving_forgets_the_cached_profile(network: object) -> None:
    profile = organisation()
    profile.name = "New name"
    profile.save()

    assert organisation().name == "New name"


def test_networks_do_not_share_the_profile(twin_networks: tuple[NetworkRef, NetworkRef]) -> None:
    one, other = twin_networks
    with network_context(one):
        profile = organisation()
        profile.name = "Canary"
        profile.save()
        organisation()

    with network_context(other):
        assert organisation().name != "Canary"
