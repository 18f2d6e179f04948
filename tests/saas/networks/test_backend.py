"""The database wrapper: no query without a schema, no search_path left over, no fallback to public."""

import threading
from typing import Any

import pytest
from django.db import ProgrammingError, connection, models, transaction
from pytest_django import Settings

from saas.accounts.models import User
from saas.networks.backend.base import DatabaseWrapper
from saas.networks.backend.schema import DatabaseSchemaEditor
from saas.networks.context import NetworkRef, NoSchemaEntered, network_context, no_schema, public_context
from saas.networks.models import Network
from tenants.clinics.models import Clinic

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def _search_path() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW search_path")
        return str(cursor.fetchone()[0])


class _SetCounter:
    """Counts the SET statements that reach the server."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        counter = self
        original = DatabaseWrapper._apply

        def apply(wrapper: DatabaseWrapper, schema_name: str) -> None:
            counter.count += 1
            original(wrapper, schema_name)

        monkeypatch.setattr(DatabaseWrapper, "_apply", apply)


def test_search_path_holds_the_network_and_extensions_only(network: NetworkRef) -> None:
    assert _search_path() == f"{network.schema_name}, extensions"
    with public_context():
        assert _search_path() == "public, extensions"


def test_no_query_without_a_schema(network: NetworkRef) -> None:
    with no_schema():
        with pytest.raises(NoSchemaEntered):
            User.objects.count()
        with pytest.raises(NoSchemaEntered):
            connection.cursor()


def test_platform_tables_do_not_exist_inside_a_network(network: NetworkRef) -> None:
    with pytest.raises(ProgrammingError), transaction.atomic():
        Network.objects.count()


def test_network_tables_do_not_exist_in_public(public_schema: None) -> None:
    with pytest.raises(ProgrammingError), transaction.atomic():
        Clinic.objects.count()


def test_missing_table_is_an_error_not_publics_copy(network: NetworkRef) -> None:
    with public_context():
        User.objects.create_user("public@example.org", "x")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE accounts_user RENAME TO accounts_user_away")
        with pytest.raises(ProgrammingError), transaction.atomic():
            User.objects.filter(email="public@example.org").exists()
        transaction.set_rollback(True)


def test_deleting_a_user_looks_into_this_schema_only(network: NetworkRef) -> None:
    user = User.objects.create_user("leaving@example.org", "x")
    user.delete()
    assert not User.objects.filter(email="leaving@example.org").exists()
    with public_context():
        user = User.objects.create_user("leaving@example.org", "x")
        user.delete()
        assert not User.objects.filter(email="leaving@example.org").exists()


def test_path_is_set_once_for_many_queries(network: NetworkRef, monkeypatch: pytest.MonkeyPatch) -> None:
    User.objects.count()
    counter = _SetCounter(monkeypatch)
    for _ in range(5):
        User.objects.count()
    assert counter.count == 0
    with public_context():
        Network.objects.count()
        Network.objects.count()
    User.objects.count()
    assert counter.count == 2


@pytest.mark.parametrize("how", ["savepoint", "transaction"])
@pytest.mark.django_db(transaction=True)
def test_path_is_right_after_a_rollback(twin_networks: tuple[NetworkRef, NetworkRef], how: str) -> None:
    """PostgreSQL undoes SET together with what issued it."""
    one, other = twin_networks
    with network_context(one):
        User.objects.count()
    with pytest.raises(ZeroDivisionError), transaction.atomic():  # noqa: PT012 - the transaction is the subject
        if how == "transaction":
            with network_context(other):
                User.objects.count()
            raise ZeroDivisionError
        with network_context(one):
            User.objects.count()
            with pytest.raises(KeyError), transaction.atomic(), network_context(other):  # noqa: PT012 - as above
                User.objects.count()
                raise KeyError
            assert _search_path() == f"{one.schema_name}, extensions"
        raise ZeroDivisionError
    for ref in (other, one):
        with network_context(ref):
            assert _search_path() == f"{ref.schema_name}, extensions"


def test_thread_must_enter_a_schema_itself(network: NetworkRef) -> None:
    caught = []

    def work() -> None:
        try:
            User.objects.count()
        except NoSchemaEntered as error:
            caught.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert caught


def test_connection_is_let_go_after_its_share_of_requests(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DATABASE_MAX_REQUESTS_PER_CONNECTION = 2
    wrapper = DatabaseWrapper(connection.settings_dict, alias="default")
    with public_context():
        wrapper.ensure_connection()
    closed = []
    for _ in range(3):
        wrapper.close_if_unusable_or_obsolete()
        closed.append(wrapper.connection is None)
    assert closed == [False, False, True]


def test_statements_have_timeouts(network: NetworkRef) -> None:
    with connection.cursor() as cursor:
        for name, wanted in (
            ("statement_timeout", "15s"),
            ("lock_timeout", "3s"),
            ("idle_in_transaction_session_timeout", "15s"),
        ):
            cursor.execute(f"SHOW {name}")
            assert cursor.fetchone()[0] == wanted


# --- one ALTER action per statement -----------------------------------------------------------------------------


def _added(field: models.Field[Any, Any], name: str = "nights") -> list[str]:
    field.set_attributes_from_name(name)
    field.model = Clinic
    with DatabaseSchemaEditor(connection, collect_sql=True) as editor:
        editor.add_field(Clinic, field)
    return [sql for sql in editor.collected_sql if sql.strip()]


def test_check_is_split_from_add_column(network: NetworkRef) -> None:
    statements = _added(models.PositiveIntegerField(null=True))
    column = next(sql for sql in statements if "ADD COLUMN" in sql)
    check = next(sql for sql in statements if "CHECK" in sql)
    assert column == 'ALTER TABLE "clinics_clinic" ADD COLUMN "nights" integer NULL;'
    assert "ADD COLUMN" not in check
    assert check.startswith('ALTER TABLE "clinics_clinic" ADD CONSTRAINT "clinics_clinic_nights_')
    assert check.endswith('_check" CHECK ("nights" >= 0);')


def test_column_without_check_stays_one_statement(network: NetworkRef) -> None:
    assert len([sql for sql in _added(models.IntegerField(null=True)) if "ADD" in sql]) == 1


def test_split_check_holds_and_can_be_altered_away(network: NetworkRef) -> None:
    field = models.PositiveIntegerField(null=True)
    field.set_attributes_from_name("nights")
    field.model = Clinic
    with connection.schema_editor() as editor:
        assert isinstance(editor, DatabaseSchemaEditor)
        editor.add_field(Clinic, field)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_constraint WHERE conname LIKE 'clinics_clinic_nights_%%_check' AND contype = 'c'"
            " AND connamespace = %s::regnamespace",
            [network.schema_name],
        )
        assert cursor.fetchone()[0] == 1
    plain = models.IntegerField(null=True)
    plain.set_attributes_from_name("nights")
    plain.model = Clinic
    with connection.schema_editor() as editor:
        editor.alter_field(Clinic, field, plain)
        editor.remove_field(Clinic, plain)
