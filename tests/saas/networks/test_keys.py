"""What is shared by all networks (Redis, disk, keys, memory) is kept apart by schema."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest
import time_machine
from django.contrib.contenttypes.models import ContentType
from django.core.cache import cache, caches
from django.core.exceptions import SuspiciousFileOperation
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.http import StreamingHttpResponse
from django_redis import get_redis_connection
from pytest_django import DjangoAssertNumQueries, Settings

from saas.core.errors import TooMany
from saas.networks import limits
from saas.networks.cache import forget_schema
from saas.networks.context import NetworkRef, NoSchemaEntered, network_context, no_schema
from saas.networks.errors import BadLink, ExpiredLink
from saas.networks.signing import sign, unsign
from tests.fixtures.networks import ClientFor

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


# --- cache ------------------------------------------------------------------------------------------------------


def test_cache_is_per_network(twin_networks: tuple[NetworkRef, NetworkRef]) -> None:
    one, other = twin_networks
    with network_context(one):
        cache.set("wagtail_site_root_paths", "of one")
    with network_context(other):
        assert cache.get("wagtail_site_root_paths") is None
    with network_context(one):
        assert cache.get("wagtail_site_root_paths") == "of one"


def test_cache_needs_a_schema() -> None:
    with no_schema(), pytest.raises(NoSchemaEntered):
        cache.get("x")


def test_every_redis_key_says_whose_it_is(
    twin_networks: tuple[NetworkRef, NetworkRef], client_for: ClientFor
) -> None:
    for ref in twin_networks:
        client_for(ref).get("/")
        client_for(ref).get("/accounts/login/")
    schemas = {ref.schema_name for ref in twin_networks} | {"platform", "public"}
    keys = [key.decode() for key in get_redis_connection("platform").scan_iter(match="*:test:*")]
    assert keys
    assert {key.split(":", 1)[0] for key in keys} <= schemas


def test_forgetting_one_schema_leaves_the_other(twin_networks: tuple[NetworkRef, NetworkRef]) -> None:
    for ref in twin_networks:
        with network_context(ref):
            cache.set("x", ref.slug)
    forget_schema(twin_networks[0].schema_name)
    with network_context(twin_networks[0]):
        assert cache.get("x") is None
    with network_context(twin_networks[1]):
        assert cache.get("x") == "second"


def test_platform_alias_is_the_only_shared_one(settings: Settings) -> None:
    assert [
        alias for alias, options in settings.CACHES.items() if "schema_key" not in options["KEY_FUNCTION"]
    ] == ["platform"]


# --- files ------------------------------------------------------------------------------------------------------


@pytest.fixture
def media(settings: Settings, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def test_files_are_per_network(twin_networks: tuple[NetworkRef, NetworkRef], media: Path) -> None:
    one, other = twin_networks
    with network_context(one):
        name = default_storage.save("doctors/face.txt", ContentFile(b"of one"))
    with network_context(other):
        assert not default_storage.exists(name)
    assert (media / one.schema_name / "doctors" / "face.txt").read_bytes() == b"of one"


@pytest.mark.parametrize("name", ["../{other}/doctors/x.txt", "/etc/passwd", "doctors/../../{other}/x.txt"])
def test_no_name_leaves_the_networks_folder(
    twin_networks: tuple[NetworkRef, NetworkRef], media: Path, name: str
) -> None:
    one, other = twin_networks
    with network_context(one), pytest.raises((SuspiciousFileOperation, FileNotFoundError)):
        default_storage.open(name.format(other=other.schema_name))


def test_files_need_a_schema(media: Path) -> None:
    with no_schema(), pytest.raises(NoSchemaEntered):
        default_storage.exists("x")


def _content(response: object) -> bytes:
    assert isinstance(response, StreamingHttpResponse)
    return b"".join(cast("Iterator[bytes]", response.streaming_content))


def test_media_view_serves_the_asking_host_only(
    twin_networks: tuple[NetworkRef, NetworkRef], client_for: ClientFor, media: Path
) -> None:
    one, other = twin_networks
    with network_context(one):
        default_storage.save("doctors/face.png", ContentFile(b"png"))
        default_storage.save("doctors/page.html", ContentFile(b"<script>alert(1)</script>"))
        default_storage.save("documents/secret.pdf", ContentFile(b"secret"))
    client = client_for(one)
    shown = client.get("/media/doctors/face.png")
    assert (shown.status_code, shown["Content-Type"], _content(shown)) == (
        200,
        "image/png",
        b"png",
    )
    assert shown["X-Content-Type-Options"] == "nosniff"
    assert shown["Content-Security-Policy"] == "default-src 'none'; sandbox"
    page = client.get("/media/doctors/page.html")
    assert page["Content-Disposition"].startswith("attachment")
    assert b"script" in _content(page)
    assert client.get("/media/documents/secret.pdf").status_code == 404
    assert client_for(other).get("/media/doctors/face.png").status_code == 404
    for host in ("localhost", "nobody.localhost"):
        assert client_for(one, HTTP_HOST=host).get("/media/doctors/face.png").status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "doctors/../../{other}/doctors/face.png", "doctors/%2e%2e/%2e%2e/{other}/doctors/face.png",
        "{other}/doctors/face.png", "doctors//etc/passwd", "doctors/", "doctors/..", "doctors/\x00.png",
        "doctors/..%2f..%2f{other}%2fdoctors%2fface.png",
    ],
)  # fmt: skip
def test_media_view_lets_no_path_out(
    twin_networks: tuple[NetworkRef, NetworkRef], client_for: ClientFor, media: Path, path: str
) -> None:
    one, other = twin_networks
    with network_context(other):
        default_storage.save("doctors/face.png", ContentFile(b"png"))
    assert client_for(one).get(f"/media/{path.format(other=other.schema_name)}").status_code == 404


# --- limits -----------------------------------------------------------------------------------------------------


def _parallel_hits(ref: NetworkRef, *, across: bool = False, tries: int = 200) -> int:
    def attempt(_number: int) -> int:
        with network_context(ref):
            try:
                limits.hit("login", "a@example.org", limit=5, window_seconds=60, across_networks=across)
            except TooMany:
                return 0
            return 1

    with ThreadPoolExecutor(16) as pool:
        return sum(pool.map(attempt, range(tries)))


def test_limit_holds_under_200_parallel_hits(twin_networks: tuple[NetworkRef, NetworkRef]) -> None:
    one, other = twin_networks
    assert _parallel_hits(one) == 5
    assert _parallel_hits(other) == 5


def test_ceiling_across_networks_is_not_multiplied(twin_networks: tuple[NetworkRef, NetworkRef]) -> None:
    one, other = twin_networks
    assert _parallel_hits(one, across=True) + _parallel_hits(other, across=True) == 5


def test_limit_says_when_to_come_back_and_stores_no_address(network: NetworkRef) -> None:
    for _ in range(2):
        limits.hit("sms", "+79161234567", limit=2, window_seconds=60)
    with pytest.raises(TooMany) as caught:
        limits.hit("sms", "+79161234567", limit=2, window_seconds=60)
    assert 0 < caught.value.params["retry_after"] <= 60
    assert not any(
        b"9161234567" in key for key in get_redis_connection("platform").scan_iter(match="*limit*")
    )


# --- signing ----------------------------------------------------------------------------------------------------


def test_token_is_dead_in_the_twin_network(twin_networks: tuple[NetworkRef, NetworkRef]) -> None:
    one, other = twin_networks
    with network_context(one):
        token = sign({"id": 1}, purpose="visit")
        assert unsign(token, purpose="visit") == {"id": 1}
        with pytest.raises(BadLink):
            unsign(token, purpose="invite")
    with network_context(other), pytest.raises(BadLink):
        unsign(token, purpose="visit")


def test_tampered_and_old_tokens(network: NetworkRef) -> None:
    token = sign(1, purpose="visit")
    for bad in (token[:-1], token + "x", "", "a:b:c", token.replace(":", "."), "\x00"):
        with pytest.raises(BadLink):
            unsign(bad, purpose="visit")
    with time_machine.travel(timedelta(days=2)), pytest.raises(ExpiredLink):
        unsign(token, purpose="visit", max_age=timedelta(days=1))


# --- content types ----------------------------------------------------------------------------------------------


def test_content_types_are_remembered_per_schema(
    twin_networks: tuple[NetworkRef, NetworkRef], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    one, other = twin_networks
    for ref in twin_networks:
        with network_context(ref):
            ContentType.objects.clear_cache()
    with network_context(one):
        ContentType.objects.get(app_label="clinics", model="clinic").delete()
        ContentType.objects.clear_cache()
        replaced = ContentType.objects.create(app_label="clinics", model="clinic")
        from tenants.clinics.models import Clinic

        assert ContentType.objects.get_for_model(Clinic).pk == replaced.pk
    with network_context(other):
        assert ContentType.objects.get_for_model(Clinic).pk != replaced.pk
    with network_context(one):
        ContentType.objects.clear_cache()


def test_clearing_one_schemas_content_types_leaves_the_other(
    twin_networks: tuple[NetworkRef, NetworkRef], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    one, other = twin_networks
    for ref in twin_networks:
        with network_context(ref):
            ContentType.objects.get_for_id(1)
    with network_context(one):
        ContentType.objects.clear_cache()
    with network_context(other), django_assert_num_queries(0):
        ContentType.objects.get_for_id(1)


def test_caches_alias_list() -> None:
    assert set(caches.settings) == {"default", "platform"}
