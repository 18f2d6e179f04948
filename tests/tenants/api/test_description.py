"""The description: committed, complete, and readable without scripts."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest
import yaml
from bs4 import BeautifulSoup
from django.conf import settings
from django.urls import URLPattern, resolve

from saas.networks.context import NetworkRef
from tenants.api import urls
from tenants.api.openapi import description_yaml
from tenants.api.views.base import ApiView
from tests.tenants.api.asking import NetworkClient

ROOT = Path(__file__).parents[3]


def test_the_committed_description_is_the_codes() -> None:
    assert (ROOT / "docs" / "openapi.yaml").read_text(encoding="utf-8") == description_yaml(), (
        "run `make schema`"
    )


def test_every_operation_documents_its_refusals() -> None:
    described = yaml.safe_load(description_yaml())
    for path, methods in described["paths"].items():
        for operation in methods.values():
            responses = operation["responses"]
            assert {"400", "401", "403", "429"} <= set(responses), path
            for status, response in responses.items():
                if status >= "400":
                    [content] = response["content"].values()
                    assert content["schema"]["$ref"].endswith("Error"), (path, status)
    conflict = described["paths"]["/api/v1/appointments/"]["post"]["responses"]["409"]
    assert conflict["content"]["application/json"]["schema"]["$ref"].endswith("/ConflictError")


def test_described_addresses_lead_somewhere() -> None:
    """The generator reads patterns, and may misread one."""
    for path in yaml.safe_load(description_yaml())["paths"]:
        example = path.replace("{id}", "1").replace("{public_id}", str(UUID(int=1))).replace("{token}", "x")
        assert "{" not in example, path
        assert resolve(example, urlconf=settings.NETWORK_URLCONF).url_name != "unknown", path


def test_every_view_names_its_permissions() -> None:
    for pattern in urls.urlpatterns:
        assert isinstance(pattern, URLPattern)
        view = getattr(pattern.callback, "view_class", None) or getattr(pattern.callback, "cls", None)
        if view is not None and issubclass(view, ApiView):
            named = [base for base in view.__mro__ if "permission_classes" in vars(base)]
            assert named[0].__module__.startswith("tenants.api."), view


@pytest.mark.django_db
def test_the_description_and_the_page_are_served(network: NetworkRef) -> None:
    client = NetworkClient(network)
    assert client.get("/api/v1/schema/").content.decode() == description_yaml()
    answer = client.get("/api/v1/docs/")
    assert answer.status_code == 200
    page = BeautifulSoup(answer.content, "lxml")
    described = yaml.safe_load(description_yaml())["paths"]
    assert len(page.select("details[id]")) == sum(len(methods) for methods in described.values())
    assert not [
        tag for tag in page.find_all("script") if tag.string and tag.get("type") != "application/json"
    ]
    assert not page.find_all(style=True)
    assert not page.find_all("style")
    assert not [tag for tag in page.find_all(src=True) if str(tag["src"]).startswith("http")]
    found = BeautifulSoup(client.get("/api/v1/docs/?q=slots").content, "lxml")
    assert {tag["id"] for tag in found.select("details[id]")} == {
        "available_slots_list",
        "open_slots_manifest",
    }
    assert "alternatives" in answer.content.decode()
    assert client.get("/api/v1/docs/?q=<script>").status_code == 200


@pytest.mark.django_db
def test_the_root_says_where_everything_is(network: NetworkRef) -> None:
    body = NetworkClient(network).get("/api/v1/").json()
    assert body["available_slots"] == f"http://{network.primary_host}/api/v1/available-slots/"
