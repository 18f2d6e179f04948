"""Does a network's schema have the shape that the template has? Read from the catalogue, no dump needed."""

from django.db import connection

from saas.networks.provisioning.schemas import quoted

_SHAPE = """
WITH ns AS (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = %(schema)s)
SELECT 'column ' || c.relname || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
       || CASE WHEN a.attnotnull THEN ' not null' ELSE '' END || ' identity=' || a.attidentity::text
       || ' generated=' || a.attgenerated::text || ' default=' || coalesce(pg_get_expr(d.adbin, d.adrelid), '')
FROM pg_catalog.pg_attribute a
JOIN pg_catalog.pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'v', 'p')
JOIN ns ON ns.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attnum > 0 AND NOT a.attisdropped
UNION ALL
SELECT 'constraint ' || c.relname || ' ' || k.conname || ' ' || pg_get_constraintdef(k.oid)
FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class c ON c.oid = k.conrelid JOIN ns ON ns.oid = k.connamespace
UNION ALL
SELECT 'index ' || i.relname || ' ' || pg_get_indexdef(i.oid)
FROM pg_catalog.pg_class i JOIN ns ON ns.oid = i.relnamespace WHERE i.relkind = 'i'
UNION ALL
SELECT 'sequence ' || s.relname FROM pg_catalog.pg_class s JOIN ns ON ns.oid = s.relnamespace WHERE s.relkind = 'S'
"""


def schema_shape(schema_name: str) -> frozenset[str]:
    """Return one line per column, constraint, index and sequence, without the schema's own name."""
    with connection.cursor() as cursor:
        cursor.execute("SET search_path = pg_catalog")
        connection.forget_search_path()  # type: ignore[attr-defined] # our own wrapper
        cursor.execute(_SHAPE, {"schema": schema_name})
        rows = [row[0] for row in cursor.fetchall()]
    name = quoted(schema_name)
    return frozenset(_normal(row.replace(f"{name}.", "").replace(f"{schema_name}.", "")) for row in rows)


def differences(schema_name: str, reference: frozenset[str]) -> list[str]:
    """Return what the schema lacks (`- `) and has in excess (`+ `), sorted; empty when equal."""
    shape = schema_shape(schema_name)
    return sorted([f"- {line}" for line in reference - shape] + [f"+ {line}" for line in shape - reference])


def _normal(line: str) -> str:
    """PostgreSQL re-prints `IN (...)` predicates of a replayed script with other casts, in the same meaning."""
    for noise in ("::character varying", "::text[]", "::text", "(", ")"):
        line = line.replace(noise, "")
    return " ".join(line.split())
