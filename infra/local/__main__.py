"""`python -m infra.local servers start|stop|env`."""

from __future__ import annotations

import sys

from infra.local.errors import LocalError
from infra.local.servers import run_servers


def main() -> int:
    servers = run_servers()
    servers.postgres.start()
    servers.redis.start()
    print(f"export DATABASE_BASE={servers.postgres.url}")
    print(f"export REDIS_BASE={servers.redis.url}")
    print(f"export REDIS_URL={servers.redis.url}/0")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except LocalError as error:
        sys.exit(str(error))
