"""Concrete addresses for every route of a network: the one place that knows what an argument may be.

A new argument name without an entry here fails `test_every_route_has_its_values`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django.conf import settings

from saas.core.routes import Route, routes_of
from tests.trust.isolation.world import FIRST_ID, World

_ZERO_UUID: Final = "00000000-0000-4000-8000-000000000000"

Value = Callable[[World], Any]


def _first(_world: World) -> int:
    return FIRST_ID


VALUES: Final[dict[str, Value]] = {
    **dict.fromkeys(
        (
            "pk", "image_id", "document_id", "doc_id", "uploaded_file_id", "redirect_id", "collection_id",
            "revision_id", "revision_id_a", "revision_id_b", "task_id", "task_state_id", "workflow_state_id",
            "workflow_pk", "session_id", "object_id", "restriction_id", "page_view_restriction_id",
        ),
        _first,
    ),
    **dict.fromkeys(("page_id", "page_pk", "page_to_move_id"), lambda world: world.values["page"]),
    **dict.fromkeys(("parent_page_id", "destination_id"), lambda world: world.values["home"]),
    "public_id": lambda world: world.values["public_id"],
    "token": lambda world: world.values["visit"],
    "app_label": lambda _world: "cms",
    "app_name": lambda _world: "taggit",
    "model_name": lambda _world: "contentpage",
    "content_type_app_name": lambda _world: "cms",
    "content_type_model_name": lambda _world: "contentpage",
    "action_name": lambda _world: "publish",
    "action": lambda _world: "delete",
    "code": lambda _world: "doctors",
    "filter_spec": lambda _world: "max-100x100",
    "path": lambda world: world.values["media"],
    "step": lambda _world: "clinic",
    "uidb64": lambda _world: "NzAwMQ",
    "key": lambda _world: "x-y",
    "rule_id": _first,
    "_0": lambda world: world.values["document"],
    "_1": lambda _world: "paper.txt",
}  # fmt: skip

OTHERS: Final = {
    "cms/bulk/": {"app_label": "wagtailcore", "model_name": "page"},
    "cms/tag-autocomplete/": {"app_name": "taggit", "model_name": "tag"},
    "cms/workflows/tasks/add/": {"app_label": "wagtailcore", "model_name": "groupapprovaltask"},
    "%(_0)s": {"_0": "the-page/"},
}
"""Values that differ from VALUES below some prefix of the template."""

SITE_PAGES: Final = (
    "", "doctors/", "doctors/the-doctor/", "services/", "services/the-service/", "clinics/", "clinics/the-clinic/",
    "about/", "the-page/", "book/?service=7001&doctor=7001&clinic=7001",
    "book/time/?service=7001&doctor=7001&clinic=7001", "doctors/?q=CANARY", "services/?q=CANARY",
    "cms/pages/search/?q=CANARY", "cms/patients/?q=CANARY", "cms/appointments/?q=CANARY", "cms/users/?q=CANARY",
    "cms/doctors/?q=CANARY", "cms/documents/?q=CANARY", "api/v1/doctors/?search=CANARY",
    "api/v1/available-slots/?doctor=7001&service=7001&days=14", "cms/audit-log/?q=CANARY",
    "cms/reports/site-history/", "cms/appointments/?export=csv", "cms/patients/?export=csv", "desk/repeating/?q=CANARY",
)  # fmt: skip
"""Addresses that are pages of the tree, searches or exports: no route of their own."""


def network_routes() -> list[Route]:
    return routes_of(settings.NETWORK_URLCONF, surface="network")


def address(route: Route, world: World) -> str:
    """Return the path of a route in a network, with that network's own values."""
    values = {name: VALUES[name](world) for name in route.names}
    for prefix, others in OTHERS.items():
        if route.template.startswith(prefix):
            values.update({name: value for name, value in others.items() if name in values})
    return "/" + route.template % values


def addresses(world: World) -> list[str]:
    """Return every address of the network once."""
    paths = [address(route, world) for route in network_routes()]
    return list(dict.fromkeys([*paths, *(f"/{path}" for path in SITE_PAGES)]))
