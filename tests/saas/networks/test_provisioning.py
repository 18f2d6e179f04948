"""From the template to a network: atomic, equal, fast, safe in parallel."""

import re
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.contenttypes.models import ContentType
from django.core.management import CommandError, call_command
from django.db import connection, connections, transaction
from pytest_django import Settings

from saas.networks.actions import (
    NetworkProfile,
    create_network,
    provision_network,
    provisioning_stage,
    purge_network,
)
from saas.networks.context import NetworkRef, network_context, public_context
from saas.networks.errors import ProvisioningFailed, SubdomainRefused, TransitionRefused
from saas.networks.hosts import clean_subdomain
from saas.networks.models import Domain, Network, PlatformEvent, RetiredSlug, SpareSchema
from saas.networks.provisioning.drift import differences, schema_shape
from saas.networks.provisioning.schemas import TEMPLATE_SCHEMA, quoted, schema_exists
from saas.networks.provisioning.script import create_from_script, dump_schema
from saas.networks.provisioning.spares import refill_spares, take_spare
from saas.networks.signals import network_provisioned
from tenants.clinics.models import Clinic
from tests.fixtures.networks import NetworkFactory

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

PROFILE = NetworkProfile(name="New", slug="new-clinic", owner_email="new@example.org", language="en")


def _normal(dump: str, schema_name: str) -> list[str]:
    """The statements of a dump without what differs by name or by session."""
    lines = [
        line.replace(f'"{schema_name}"', "NAME").replace(schema_name, "NAME")
        for line in dump.splitlines()
        if not re.match(r"^(--|SET |SELECT pg_catalog|\\(un)?restrict|\s*$)", line)
    ]
    text = "\n".join(lines)
    return sorted(re.sub(r"::(character varying|text)(\[\])?|[()]", "", text).split(";\n"))


@pytest.mark.django_db(transaction=True)
def test_clone_equals_the_template_by_pg_dump(public_schema: None) -> None:
    create_from_script("t_900001")
    clone = _normal(dump_schema("t_900001"), "t_900001")
    template = _normal(dump_schema(TEMPLATE_SCHEMA), TEMPLATE_SCHEMA)
    assert len(clone) > 500
    assert clone == template


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_clone_is_at_least_15_times_faster_than_migrations(public_schema: None) -> None:
    from saas.networks.provisioning.schemas import create_schema
    from saas.networks.provisioning.template import migrate_schema

    started = time.perf_counter()
    create_schema("t_900002")
    migrate_schema("t_900002", source_schema="public")
    by_migrations = time.perf_counter() - started
    clones = []
    for number in range(3):
        started = time.perf_counter()
        create_from_script(f"t_90001{number}")
        clones.append(time.perf_counter() - started)
    assert min(clones) * 15 <= by_migrations, (clones, by_migrations)


def test_network_has_at_most_120_tables(network: NetworkRef) -> None:
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
    assert 60 < len(tables) <= 120, len(tables)


def test_every_table_of_ours_has_a_primary_key(network: NetworkRef) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT c.relname FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace = %s::regnamespace
            AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'p')
            """,
            [network.schema_name],
        )
        assert cursor.fetchall() == []


def test_no_foreign_key_leaves_the_schema(network: NetworkRef) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT conrelid::regclass::text, conname FROM pg_constraint
            WHERE contype = 'f' AND connamespace = %(schema)s::regnamespace
            AND (SELECT relnamespace FROM pg_class WHERE oid = confrelid) <> %(schema)s::regnamespace
            """,
            {"schema": network.schema_name},
        )
        assert cursor.fetchall() == []


def test_content_types_have_equal_ids_everywhere(twin_networks: tuple[NetworkRef, NetworkRef]) -> None:
    ids = []
    for ref in twin_networks:
        with network_context(ref):
            ids.append(dict(ContentType.objects.values_list("model", "id")))
    with public_context():
        ids.append(dict(ContentType.objects.values_list("model", "id")))
    assert ids[0] == ids[1] == ids[2]


def test_template_holds_no_people(public_schema: None) -> None:
    with network_context(TEMPLATE_SCHEMA), connection.cursor() as cursor:
        for table in ("accounts_user", "django_session", "account_emailaddress", "patients_patient"):
            cursor.execute(f"SELECT count(*) FROM {table}")
            assert cursor.fetchone()[0] == 0, table


def test_provisioned_network_opens_its_trial(network_factory: NetworkFactory) -> None:
    ref = network_factory("trial-net")
    with public_context():
        network = Network.objects.get(pk=ref.id)
        assert network.state == "trial"
        assert network.trial_ends_at is not None
        assert network.schema_name == f"t_{network.pk}"
        assert Domain.objects.get(tenant=network).domain == "trial-net.localhost"
        actions = PlatformEvent.objects.filter(network=network).values_list("action", flat=True)
        assert set(actions) == {"network.created", "network.provisioned"}
    assert provisioning_stage(ref.id) == "ready"


@pytest.mark.django_db(transaction=True)
def test_failure_in_a_receiver_leaves_nothing(public_schema: None) -> None:
    def fail(**_kwargs: object) -> None:
        Clinic.objects.count()
        raise RuntimeError("a receiver broke")

    network = create_network(profile=PROFILE)
    network_provisioned.connect(fail)
    try:
        with pytest.raises(ProvisioningFailed):
            provision_network(network_id=network.pk, profile=PROFILE)
    finally:
        network_provisioned.disconnect(fail)
    network.refresh_from_db()
    assert network.state == "provisioning"
    assert network.provisioning_error == "RuntimeError"
    assert not schema_exists(network.schema_name)
    assert provisioning_stage(network.pk) == "failed"
    again = provision_network(network_id=network.pk, profile=PROFILE)
    assert again.state == "trial"
    assert again.provisioning_error == ""
    assert schema_exists(network.schema_name)
    assert provision_network(network_id=network.pk, profile=PROFILE).state == "trial"


@pytest.mark.django_db(transaction=True)
def test_failure_gives_the_spare_back(public_schema: None) -> None:
    refill_spares(target=1)
    spare = SpareSchema.objects.get().schema_name

    def fail(**_kwargs: object) -> None:
        raise RuntimeError("a receiver broke")

    network = create_network(profile=PROFILE)
    network_provisioned.connect(fail)
    try:
        with pytest.raises(ProvisioningFailed):
            provision_network(network_id=network.pk, profile=PROFILE)
    finally:
        network_provisioned.disconnect(fail)
    assert SpareSchema.objects.get().schema_name == spare
    assert schema_exists(spare)


def test_taken_subdomain_is_refused_and_writes_nothing(network: NetworkRef) -> None:
    with public_context():
        before = Network.objects.count()
        with pytest.raises(SubdomainRefused) as caught:
            create_network(profile=NetworkProfile(name="X", slug="First", owner_email="x@example.org"))
        assert caught.value.code == "subdomain_taken"
        assert Network.objects.count() == before


@pytest.mark.django_db(transaction=True)
def test_of_parallel_reservations_one_wins(public_schema: None) -> None:
    def reserve(number: int) -> str:
        try:
            create_network(
                profile=NetworkProfile(name=f"N{number}", slug="same-place", owner_email="x@example.org")
            )
        except SubdomainRefused as error:
            return error.code
        finally:
            connections.close_all()
        return "won"

    with ThreadPoolExecutor(6) as pool:
        results = sorted(pool.map(reserve, range(6)))
    assert results == ["subdomain_taken"] * 5 + ["won"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "subdomain_empty"), ("ab", "subdomain_invalid"), ("a" * 41, "subdomain_invalid"),
        ("-abc", "subdomain_invalid"), ("abc-", "subdomain_invalid"), ("a.b", "subdomain_invalid"),
        ("a b", "subdomain_invalid"), ("123", "subdomain_invalid"), ("admin", "subdomain_reserved"),
        ("1ogin", "subdomain_reserved"), ("WWW", "subdomain_reserved"), ("с" + "linic", "subdomain_lookalike"),
        ("xn--80ak6aa92e", "subdomain_lookalike"), ("a--b", "subdomain_lookalike"),
        ("a'; drop--", "subdomain_lookalike"),
    ],
)  # fmt: skip
def test_bad_subdomains_say_why(text: str, code: str) -> None:
    with pytest.raises(SubdomainRefused) as caught:
        clean_subdomain(text)
    assert caught.value.code == code
    assert str(caught.value)


# --- spares -----------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_parallel_signups_take_different_spares(public_schema: None) -> None:
    refill_spares(target=3)

    def take(number: int) -> bool:
        try:
            return take_spare(f"t_80000{number}")
        finally:
            connections.close_all()

    with ThreadPoolExecutor(5) as pool:
        taken = list(pool.map(take, range(5)))
    assert sum(taken) == 3
    assert SpareSchema.objects.count() == 0
    assert sum(schema_exists(f"t_80000{number}") for number in range(5)) == 3


@pytest.mark.django_db(transaction=True)
def test_taking_a_spare_is_fast_and_complete(public_schema: None) -> None:
    refill_spares(target=1)
    connection.force_debug_cursor = True
    connection.queries_log.clear()
    assert take_spare("t_800010")
    connection.force_debug_cursor = False
    assert sum(float(query["time"]) for query in connection.queries) < 0.2  # 20 ms when the machine is quiet
    assert differences("t_800010", schema_shape(TEMPLATE_SCHEMA)) == []
    with network_context("t_800010"):
        Clinic.objects.count()


@pytest.mark.django_db(transaction=True)
def test_spares_of_older_versions_are_dropped(public_schema: None) -> None:
    refill_spares(target=1)
    old = SpareSchema.objects.get()
    SpareSchema.objects.update(schema_head="older")
    assert not take_spare("t_800011")
    refill_spares(target=1)
    assert not schema_exists(old.schema_name)
    assert SpareSchema.objects.exclude(schema_head="older").count() == 1


# --- drift ------------------------------------------------------------------------------------------------------


def test_drift_is_found(network_factory: NetworkFactory) -> None:
    ref = network_factory("drifting")
    with public_context():
        reference = schema_shape(TEMPLATE_SCHEMA)
        assert differences(ref.schema_name, reference) == []
    with network_context(ref), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE clinics_clinic ADD COLUMN extra integer")
        cursor.execute("ALTER TABLE clinics_clinic ALTER COLUMN name DROP NOT NULL")
    with public_context():
        found = differences(ref.schema_name, reference)
    assert any(line.startswith("+ column clinics_clinic.extra integer") for line in found)
    assert any(line.startswith("- column clinics_clinic.name") and "not null" in line for line in found)


def test_check_networks_command_names_the_drifted_one(
    network_factory: NetworkFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    with public_context():
        call_command("check_networks")
    ref = network_factory("drifted-too")
    with network_context(ref), connection.cursor() as cursor:
        cursor.execute("CREATE INDEX stray ON clinics_clinic (name)")
    with public_context(), pytest.raises(CommandError, match="1 of 3"):
        call_command("check_networks")
    assert f"{ref.schema_name}: + index stray" in capsys.readouterr().out


# --- the end ----------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_purge_waits_for_thirty_days_and_leaves_a_tombstone(
    network_factory: NetworkFactory, tmp_path: Path, settings: Settings
) -> None:
    from django.core.cache import cache
    from django.core.files.base import ContentFile
    from django.core.files.storage import default_storage
    from django.utils import timezone

    from saas.networks.actions import change_state, is_subdomain_free

    settings.MEDIA_ROOT = tmp_path
    ref = network_factory("going")
    with network_context(ref):
        default_storage.save("doctors/x.txt", ContentFile(b"x"))
        cache.set("secret", "of going")
    with pytest.raises(TransitionRefused):
        purge_network(network_id=ref.id)
    change_state(network_id=ref.id, state="closed")
    with pytest.raises(TransitionRefused):
        purge_network(network_id=ref.id)
    with public_context():
        Network.objects.filter(pk=ref.id).update(closed_at=timezone.now() - timedelta(days=31))
    purge_network(network_id=ref.id)
    with public_context():
        network = Network.objects.get(pk=ref.id)
        assert (network.state, network.owner_email, network.name) == ("purged", "", f"#{ref.id}")
        assert not Domain.objects.filter(tenant=network).exists()
        assert not schema_exists(ref.schema_name)
        assert RetiredSlug.objects.filter(slug="going").exists()
    assert not is_subdomain_free("going")
    assert list(tmp_path.rglob("*.txt")) == []
    with network_context(ref):
        assert cache.get("secret") is None


@pytest.mark.django_db(transaction=True)
def test_delete_network_command_asks_for_the_address(network_factory: NetworkFactory) -> None:
    network_factory("to-delete")
    with public_context():
        with pytest.raises(CommandError, match="not confirmed"):
            call_command("delete_network", "to-delete", confirm="other")
        with pytest.raises(CommandError, match="transition_refused"):
            call_command("delete_network", "to-delete", confirm="to-delete")
        call_command("delete_network", "to-delete", confirm="to-delete", force=True)
        assert Network.objects.filter(state="purged").count() == 1


def test_schema_names_are_checked_before_they_reach_sql() -> None:
    for name in ("t_1; drop schema public", 't_1"', "pg_catalog", "public", "T_1", "t_", "t_x"):
        with pytest.raises(ValueError, match="not a network schema"):
            quoted(name)


def test_provision_command_reports_a_refusal(public_schema: None) -> None:
    with transaction.atomic(), pytest.raises(CommandError, match="subdomain_reserved"):
        call_command("provision_network", "admin", name="X", owner="x@example.org")
