"""Each guard is taken away in turn, to see that the leak it stops is real and would be noticed."""

import threading
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, cast

import pytest
from django.contrib.contenttypes.models import ContentType, ContentTypeManager
from django.core.cache import cache, caches
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection, connections
from django.http import HttpResponse
from django.test import RequestFactory
from pytest_django import Settings

from saas.accounts.models import User
from saas.networks import contenttypes, context, handover, limits, signing, storage
from saas.networks.backend.base import DatabaseWrapper
from saas.networks.context import (
    NetworkRef,
    current_schema,
    network_context,
    no_schema,
    public_context,
    schema_or_none,
)
from saas.networks.errors import ExpiredLink
from saas.networks.middleware import NetworkMiddleware
from saas.networks.models import HandoverGrant

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def _wrapper() -> DatabaseWrapper:
    return cast("DatabaseWrapper", connections["default"])


def test_without_key_function_the_cache_leaks(
    twin_networks: tuple[NetworkRef, NetworkRef], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = twin_networks
    monkeypatch.setattr(
        caches["default"], "key_func", lambda key, prefix, version: f"x:{prefix}:{version}:{key}"
    )
    monkeypatch.setattr(cast("Any", caches["default"]).client, "_backend", caches["default"], raising=False)
    with network_context(one):
        cache.set("wagtail_site_root_paths", "of one")
    with network_context(other):
        assert cache.get("wagtail_site_root_paths") == "of one"


def test_without_schema_in_the_salt_a_link_works_next_door(
    twin_networks: tuple[NetworkRef, NetworkRef], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = twin_networks
    monkeypatch.setattr(signing, "_salt", lambda purpose: purpose)
    with network_context(one):
        token = signing.sign(1, purpose="visit")
    with network_context(other):
        assert signing.unsign(token, purpose="visit") == 1


def test_with_one_content_type_cache_for_all_a_wrong_id_comes_back(
    twin_networks: tuple[NetworkRef, NetworkRef], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = twin_networks
    shared: dict[object, object] = {}
    monkeypatch.setattr(
        ContentTypeManager, "_cache", property(lambda _self: shared, lambda _self, _value: None)
    )
    with network_context(one):
        ContentType.objects.filter(app_label="clinics", model="clinic").update(model="moved")
        moved = ContentType.objects.get(app_label="clinics", model="moved")
        fresh = ContentType.objects.get_by_natural_key("clinics", "moved")
        assert fresh.pk == moved.pk
    with network_context(other):
        assert ContentType.objects.get_by_natural_key("clinics", "moved").pk == moved.pk


def test_with_a_fallback_to_public_a_thread_reads_the_platform(
    network: NetworkRef, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What stock django-tenants does: a new thread starts in public."""
    monkeypatch.setattr("saas.networks.backend.base.current_schema", lambda: schema_or_none() or "public")
    answers = []

    def work() -> None:
        try:
            answers.append(User.objects.count())
        finally:
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert answers  # no error: the leak is silent


def test_with_public_behind_the_network_a_missing_table_is_publics(
    network: NetworkRef, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("saas.networks.backend.base.search_path", lambda name: (name, "extensions", "public"))
    _wrapper().forget_search_path()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM networks_network")
        assert cursor.fetchone()[0] >= 2
    _wrapper().forget_search_path()


def test_without_the_memo_reset_a_rollback_leaves_the_wrong_schema(
    twin_networks: tuple[NetworkRef, NetworkRef], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrapper that believes its memo after a rollback would run in the schema before."""
    one, _other = twin_networks
    wrapper = DatabaseWrapper(connection.settings_dict, alias="default")
    monkeypatch.setattr(DatabaseWrapper, "_rollback", lambda self: super(DatabaseWrapper, self)._rollback())
    try:
        with public_context():
            wrapper.ensure_connection()
            with wrapper.cursor() as cursor:
                cursor.execute("SELECT 1")
        wrapper.set_autocommit(False)
        with network_context(one):
            with wrapper.cursor() as cursor:
                cursor.execute("SELECT 1")
            wrapper.rollback()
            with wrapper.cursor() as cursor:
                cursor.execute("SHOW search_path")
                assert cursor.fetchone()[0] == "public, extensions"
    finally:
        wrapper.connection.close()


def test_without_the_reset_a_schema_stays_entered_after_the_request(
    network: NetworkRef, monkeypatch: pytest.MonkeyPatch
) -> None:
    def leaky(ref: NetworkRef) -> AbstractContextManager[None]:
        context._scope.set(context._Scope(schema_name=ref.schema_name, network=ref))
        return _nothing()

    class _nothing:  # noqa: N801 - reads as a context manager
        def __enter__(self) -> None:
            return None

        def __exit__(self, *_exc_info: object) -> None:
            return None

    monkeypatch.setattr("saas.networks.middleware.network_context", leaky)
    with no_schema():
        NetworkMiddleware(lambda _request: HttpResponse())(
            RequestFactory().get("/", HTTP_HOST=network.primary_host)
        )
        assert schema_or_none() == network.schema_name


def test_without_the_used_at_condition_a_token_works_twice(
    network: NetworkRef, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = (
        handover.issue_handover(kind="owner", network_id=network.id, user_id=1, email="owner@first.example")
        .rstrip("/")
        .split("/")[-1]
    )
    handover.redeem_handover(token)
    with pytest.raises(ExpiredLink):
        handover.redeem_handover(token)
    with public_context():
        HandoverGrant.objects.update(used_at=None)
    assert handover.redeem_handover(token).pk


def test_without_a_folder_per_schema_files_are_shared(
    twin_networks: tuple[NetworkRef, NetworkRef],
    monkeypatch: pytest.MonkeyPatch,
    settings: Settings,
    tmp_path: Path,
) -> None:
    settings.MEDIA_ROOT = tmp_path
    one, other = twin_networks
    monkeypatch.setattr(storage, "current_schema", lambda: "everybody")
    with network_context(one):
        name = default_storage.save("doctors/x.txt", ContentFile(b"of one"))
    with network_context(other), default_storage.open(name) as file:
        assert file.read() == b"of one"


def test_counting_by_reading_first_lets_parallel_attempts_through(
    network: NetworkRef, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The usual throttle, read then write: all that read before the first writes pass."""
    allowed = [cache.get("tries", 0) < 5 for _attempt in range(40)]
    cache.set("tries", 40)
    assert sum(allowed) == 40
    assert limits.hit("control", "x", limit=5, window_seconds=60) == 4


def test_patched_content_type_cache_is_installed() -> None:
    assert type(ContentTypeManager.__dict__["_cache"]).__name__ == "_PerSchemaCache"
    contenttypes.install()
    with network_context("t_1"):
        assert current_schema() == "t_1"
