"""Cache keys. The `default` alias belongs to the entered schema, the `platform` alias to the platform."""

from django_redis import get_redis_connection

from saas.networks.context import current_schema

GLOBAL_PREFIX = "platform"


def schema_key(key: str, key_prefix: str, version: int) -> str:
    """KEY_FUNCTION of every alias that networks use. Raises NoSchemaEntered rather than share a key."""
    return f"{current_schema()}:{key_prefix}:{version}:{key}"


def platform_key(key: str, key_prefix: str, version: int) -> str:
    """KEY_FUNCTION of the alias that holds the platform's own facts: host lookups and cross-network ceilings."""
    return f"{GLOBAL_PREFIX}:{key_prefix}:{version}:{key}"


def reverse_key(key: str) -> str:
    """Return the part of a stored key that the caller named."""
    return key.split(":", 3)[3]


def forget_schema(schema_name: str) -> None:
    """Delete every cached value of one schema, by scanning; for purging and restoring, not for requests."""
    redis = get_redis_connection("default")
    for key in redis.scan_iter(match=f"{schema_name}:*", count=1000):
        redis.delete(key)
