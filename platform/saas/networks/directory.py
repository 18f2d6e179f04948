"""Which network answers on a host: looked up once, remembered briefly, forgotten at once when it changes.

Two caches: a dict in the process (seconds) and Redis (a minute, deleted on every change). An unknown host is
remembered too, so that a scan of random names costs the database nothing.
"""

import time
from dataclasses import asdict
from typing import Any, Final

from django.core.cache import caches
from django.db import transaction
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from saas.networks.context import NetworkRef, public_context
from saas.networks.errors import NetworkNotFound
from saas.networks.lifecycle import NetworkState
from saas.networks.models import Domain, Network

PROCESS_SECONDS: Final = 3.0
"""How long a process may not notice a change made by another: a suspended network serves this much longer."""

REDIS_SECONDS: Final = 60
_MAX_REMEMBERED: Final = 20_000

_remembered: dict[str, tuple[float, NetworkRef | None]] = {}


def network_for_host(host: str) -> NetworkRef | None:
    """Return the network whose domain is `host` (normalised), or None. Purged networks are unknown."""
    now = time.monotonic()
    known = _remembered.get(host)
    if known and known[0] > now:
        return known[1]
    network = _from_redis(host)
    if len(_remembered) >= _MAX_REMEMBERED:
        _remembered.clear()
    _remembered[host] = (now + PROCESS_SECONDS, network)
    return network


def network_by_schema(schema_name: str) -> NetworkRef:
    """Return the network that owns a schema, fresh from the database. Raises NetworkNotFound."""
    with public_context():
        network = Network.objects.filter(schema_name=schema_name).first()
        if network is None:
            raise NetworkNotFound
        return _ref(network, primary_host(network))


def network_by_id(network_id: int) -> NetworkRef:
    """Return a network, fresh from the database. Raises NetworkNotFound."""
    with public_context():
        network = Network.objects.filter(pk=network_id).first()
        if network is None:
            raise NetworkNotFound
        return _ref(network, primary_host(network))


def primary_host(network: Network) -> str:
    """Return the host that links to this network use; empty before it has one. Public schema."""
    return (
        Domain.objects.filter(tenant=network, is_primary=True).values_list("domain", flat=True).first() or ""
    )


def forget_host(host: str) -> None:
    """Make every process look the host up again, within `PROCESS_SECONDS`; this one at once."""
    _remembered.pop(host, None)
    caches["platform"].delete(_key(host))


def forget_all() -> None:
    """Empty this process's memory. For tests and for workers that were just forked."""
    _remembered.clear()


def _from_redis(host: str) -> NetworkRef | None:
    cached: dict[str, Any] | None = caches["platform"].get(_key(host))
    if cached is None:
        network = _from_database(host)
        caches["platform"].set(_key(host), asdict(network) if network else {}, REDIS_SECONDS)
        return network
    return NetworkRef(**cached) if cached else None


def _from_database(host: str) -> NetworkRef | None:
    with public_context():
        domain = Domain.objects.select_related("tenant").filter(domain=host).first()
        if domain is None or domain.tenant.state == NetworkState.PURGED:
            return None
        primary = host if domain.is_primary else primary_host(domain.tenant)
        return _ref(domain.tenant, primary)


def _ref(network: Network, host: str) -> NetworkRef:
    ref: NetworkRef = network.ref(primary_host=host)
    return ref


def _key(host: str) -> str:
    return f"host:{host}"


@receiver([post_save, post_delete], sender=Domain)
def _domain_changed(instance: Domain, **_kwargs: Any) -> None:
    _forget_now_and_after_commit([instance.domain])


@receiver([post_save, post_delete], sender=Network)
def _network_changed(instance: Network, **_kwargs: Any) -> None:
    with public_context():
        hosts = list(Domain.objects.filter(tenant=instance).values_list("domain", flat=True))
    _forget_now_and_after_commit(hosts)


def _forget_now_and_after_commit(hosts: list[str]) -> None:
    """Once is not enough: a request between the change and its commit would remember the old state again."""

    def forget() -> None:
        for host in hosts:
            forget_host(host)

    forget()
    transaction.on_commit(forget)
