"""Counting limits that hold under parallel requests: one atomic INCR with expiry per attempt.

DRF's and most other throttles read, decide and write; forty parallel requests pass a limit of five.
"""

from collections.abc import Callable
from functools import lru_cache
from hashlib import sha256
from typing import Any

from django.core.cache import caches
from django_redis import get_redis_connection

from saas.core.errors import TooMany

_COUNT = """
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end
return {count, redis.call('TTL', KEYS[1])}
"""


def hit(scope: str, key: str, *, limit: int, window_seconds: int, across_networks: bool = False) -> int:
    """Count one attempt and return how many are left in the window. Raises TooMany above `limit`.

    `key` may be personal (an address, a phone): only its hash is stored. With `across_networks` the count is
    shared by all networks, for ceilings that an attacker must not multiply by the number of networks.
    """
    digest = sha256(key.encode()).hexdigest()[:32]
    alias = "platform" if across_networks else "default"
    stored_key = caches[alias].make_key(f"limit:{scope}:{digest}:{window_seconds}")
    count, ttl = _counter()(keys=[stored_key], args=[window_seconds])
    if count > limit:
        raise TooMany(params={"retry_after": max(int(ttl), 1)})
    return limit - int(count)


@lru_cache(maxsize=1)
def _counter() -> Callable[..., Any]:
    script: Callable[..., Any] = get_redis_connection("platform").register_script(_COUNT)
    return script
