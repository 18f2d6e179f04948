"""What can be done to a network. Each action writes a platform event in its own transaction."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import structlog
from django.core.cache import caches
from django.core.files.storage import default_storage
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from saas.core.errors import DomainError
from saas.networks import audit
from saas.networks.cache import forget_schema
from saas.networks.context import network_context, public_context
from saas.networks.errors import NetworkNotFound, ProvisioningFailed, SubdomainRefused, TransitionRefused
from saas.networks.hosts import clean_subdomain, network_host
from saas.networks.lifecycle import CLOSED_DAYS, TRANSITIONS, NetworkState
from saas.networks.models import Domain, Network, RetiredSlug
from saas.networks.provisioning.heads import code_head
from saas.networks.provisioning.schemas import drop_schema
from saas.networks.provisioning.script import create_from_script
from saas.networks.provisioning.spares import take_spare
from saas.networks.signals import network_provisioned

logger = structlog.get_logger(__name__)

TRIAL_DAYS: Final = 14
SLUG_QUARANTINE_DAYS: Final = 90
_PROGRESS_SECONDS: Final = 3600


@dataclass(frozen=True, slots=True)
class NetworkProfile:
    """What the owner said at sign-up.

    `language` is a settings.LANGUAGES code, `country` is ISO 3166, `currency` is ISO 4217.
    """

    name: str
    slug: str
    owner_email: str
    owner_first_name: str = ""
    owner_last_name: str = ""
    language: str = "ru"
    country: str = "RU"
    currency: str = "RUB"
    time_zone: str = "Europe/Moscow"
    plan_code: str = "trial"


def is_subdomain_free(slug: str) -> bool:
    """Return whether nobody has, or recently had, this (clean) subdomain."""
    with public_context():
        retired = RetiredSlug.objects.filter(slug=slug, free_at__gt=timezone.now()).exists()
        return not retired and not Network.objects.filter(slug=slug).exists()


def create_network(*, profile: NetworkProfile, actor_id: int | None = None) -> Network:
    """Reserve the address and write the network's row, in state `provisioning`; its schema comes later.

    Raises SubdomainRefused, with code `subdomain_taken` also when somebody else was faster.
    """
    slug = clean_subdomain(profile.slug)
    if not is_subdomain_free(slug):
        raise _taken(slug)
    try:
        with public_context(), transaction.atomic():
            network_id = _next_network_id()
            network: Network = Network.objects.create(
                id=network_id,
                schema_name=f"t_{network_id}",
                slug=slug,
                name=profile.name,
                plan_code=profile.plan_code,
                language=profile.language,
                country=profile.country,
                currency=profile.currency,
                time_zone=profile.time_zone,
                owner_email=profile.owner_email,
            )
            Domain.objects.create(domain=network_host(slug), tenant=network, is_primary=True)
            audit.record("network.created", network=network, actor_id=actor_id)
    except IntegrityError as error:
        raise _taken(slug) from error
    return network


def provision_network(*, network_id: int, profile: NetworkProfile) -> Network:
    """Give the network its schema and its first content, and open it for the trial.

    One transaction: a spare schema is renamed (or the template script replayed), then every app that listens to
    `network_provisioned` adds what is its own. Locks the network's row. Repeating it after success does nothing;
    after a failure nothing is left half done and the reason stands in `provisioning_error`.
    """
    try:
        with public_context(), transaction.atomic():
            network = _locked(network_id)
            if network.state != NetworkState.PROVISIONING:
                return network
            _publish_stage(network_id, "schema")
            if not take_spare(network.schema_name):
                create_from_script(network.schema_name)
            _publish_stage(network_id, "site")
            ref = network.ref(primary_host=network_host(network.slug))
            with network_context(ref):
                network_provisioned.send(sender=Network, network=ref, profile=profile)
            now = timezone.now()
            network.state = NetworkState.TRIAL
            network.trial_ends_at = now + timedelta(days=TRIAL_DAYS)
            network.provisioned_at = now
            network.provisioning_error = ""
            network.schema_head = code_head()
            network.migrated_at = now
            network.save()
            audit.record("network.provisioned", network=network)
    except Exception as error:
        with public_context():
            reason = error.code if isinstance(error, DomainError) else type(error).__name__
            logger.exception("provisioning_failed", network_id=network_id, reason=reason)
            Network.objects.filter(pk=network_id).update(provisioning_error=reason)
        _publish_stage(network_id, "failed")
        if isinstance(error, DomainError):
            raise
        raise ProvisioningFailed from error
    _publish_stage(network_id, "ready")
    return network


def provisioning_stage(network_id: int) -> str:
    """Return `waiting`, `schema`, `site`, `ready` or `failed`, for the progress page."""
    with public_context():
        network = Network.objects.filter(pk=network_id).only("state", "provisioning_error").first()
    if network is None:
        raise NetworkNotFound
    if network.state != NetworkState.PROVISIONING:
        return "ready"
    if network.provisioning_error:
        return "failed"
    stage = str(caches["platform"].get(_stage_key(network_id)) or "waiting")
    return "waiting" if stage == "failed" else stage  # the error was cleared: it is being tried again


def change_state(*, network_id: int, state: str, actor_id: int | None = None, reason: str = "") -> Network:
    """Move a network along its life. Locks its row. Raises TransitionRefused for a step that does not exist."""
    with public_context(), transaction.atomic():
        network = _locked(network_id)
        if state not in TRANSITIONS[network.state] or state == NetworkState.PURGED:
            raise TransitionRefused(
                _("The network cannot go from “%(current)s” to “%(wanted)s”.")
                % {"current": NetworkState(network.state).label, "wanted": NetworkState(state).label},
                params={"current": network.state, "wanted": state},
            )
        before, network.state, network.state_reason = network.state, state, reason
        network.closed_at = timezone.now() if state == NetworkState.CLOSED else None
        network.save()
        audit.record(
            f"network.{state}", network=network, actor_id=actor_id, data={"from": before, "reason": reason}
        )
    return network


def resume_network(*, network_id: int, actor_id: int | None = None) -> Network:
    """Put a suspended or closed network back to work: into its trial if that still runs, else active."""
    with public_context():
        network = Network.objects.filter(pk=network_id).first()
    if network is None:
        raise NetworkNotFound
    in_trial = (
        network.state == NetworkState.SUSPENDED
        and network.trial_ends_at
        and network.trial_ends_at > timezone.now()
    )
    state = NetworkState.TRIAL if in_trial else NetworkState.ACTIVE
    return change_state(network_id=network_id, state=state, actor_id=actor_id)


def purge_network(*, network_id: int, actor_id: int | None = None, force: bool = False) -> None:
    """Erase a closed network: schema, files, cache, addresses. The row stays as a tombstone without personal data.

    Raises TransitionRefused before the 30 days are over, unless forced. The address rests for 90 days.
    """
    with public_context(), transaction.atomic():
        network = _locked(network_id)
        over = network.closed_at and network.closed_at <= timezone.now() - timedelta(days=CLOSED_DAYS)
        if network.state == NetworkState.PURGED:
            return
        if not force and not (network.state == NetworkState.CLOSED and over):
            raise TransitionRefused(
                _("A network can be deleted %(days)d days after it was closed.") % {"days": CLOSED_DAYS},
                params={"current": network.state, "wanted": NetworkState.PURGED.value},
            )
        drop_schema(network.schema_name)
        for domain in Domain.objects.filter(tenant=network):
            domain.delete()
        RetiredSlug.objects.update_or_create(
            slug=network.slug, defaults={"free_at": timezone.now() + timedelta(days=SLUG_QUARANTINE_DAYS)}
        )
        network.state = NetworkState.PURGED
        network.slug, network.name, network.owner_email = f"purged-{network.pk}", f"#{network.pk}", ""
        network.usage = {}
        network.save()
        audit.record("network.purged", network=network, actor_id=actor_id, data={"forced": force})
    _erase_files_and_cache(network.schema_name)


def _erase_files_and_cache(schema_name: str) -> None:
    with network_context(schema_name):
        _erase_folder("")
    forget_schema(schema_name)


def _erase_folder(path: str) -> None:
    try:
        folders, files = default_storage.listdir(path)
    except FileNotFoundError:
        return
    for name in files:
        default_storage.delete(f"{path}/{name}".lstrip("/"))
    for name in folders:
        _erase_folder(f"{path}/{name}".lstrip("/"))


def _locked(network_id: int) -> Network:
    network: Network | None = Network.objects.select_for_update().filter(pk=network_id).first()
    if network is None:
        raise NetworkNotFound
    return network


def _next_network_id() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('networks_network', 'id'))")
        return int(cursor.fetchone()[0])


def _taken(slug: str) -> SubdomainRefused:
    return SubdomainRefused(
        _("“%(slug)s” is taken. Please choose another address.") % {"slug": slug}, code="subdomain_taken"
    )


def _stage_key(network_id: int) -> str:
    return f"provisioning:{network_id}"


def _publish_stage(network_id: int, stage: str) -> None:
    """The transaction is not visible to the progress page, so the stage goes through the cache."""
    caches["platform"].set(_stage_key(network_id), stage, _PROGRESS_SECONDS)
