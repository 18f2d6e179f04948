"""Nothing is served that nobody has listed."""

import pytest
from django.conf import settings
from django.core.management import call_command

from saas.core.management.commands.routes import inventory, lock_path
from saas.core.routes import routes_of
from tests.trust.isolation.addresses import VALUES, network_routes

pytestmark = pytest.mark.unit


def test_inventory_equals_the_committed_file() -> None:
    """Run `manage.py routes --write` after reviewing a change."""
    assert lock_path().read_text(encoding="utf-8").splitlines() == inventory().splitlines()


def test_every_route_has_its_values() -> None:
    missing = {name for route in network_routes() for name in route.names} - set(VALUES)
    assert not missing


def test_walk_finds_the_known_surfaces() -> None:
    network = {route.template for route in network_routes()}
    public = {route.template for route in routes_of(settings.ROOT_URLCONF, surface="public")}
    assert {"cms/", "api/v1/doctors/", "book/", "accounts/login/", "handover/%(token)s/"} <= network
    assert {"console/", "accounts/login/", "networks/", "signup/"} <= public
    assert not any(template.startswith("console") for template in network)
    assert not any(template.startswith(("cms", "api")) for template in public)


def test_no_debug_or_undocumented_api_is_mounted() -> None:
    for route in network_routes():
        assert not route.template.startswith(("api/v2", "api/v3", "__debug__", "admin/")), route


def test_check_command_passes() -> None:
    call_command("routes", check=True)
