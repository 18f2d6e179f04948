"""Makes a demo network, or brings the one that is there up to today."""

from __future__ import annotations

from random import Random

from django.db import transaction
from django.utils import timezone

from saas.networks.actions import NetworkProfile, create_network, provision_network
from saas.networks.context import network_context, public_context
from saas.networks.hosts import network_host
from saas.networks.lifecycle import NetworkState
from saas.networks.models import Network
from tenants.booking.gaps.upkeep import rebuild_all
from tenants.desk.demo.accounts import write_platform_people, write_staff
from tenants.desk.demo.catalogue import write_catalogue, write_profile
from tenants.desk.demo.equipment import write_equipment, write_wishes
from tenants.desk.demo.networks import NETWORKS
from tenants.desk.demo.opinions import write_reviews
from tenants.desk.demo.people import write_patients
from tenants.desk.demo.shapes import DemoNetwork
from tenants.desk.demo.visits import write_blocks, write_visits
from tenants.doctors.models import Doctor


def build_all() -> None:
    """Make or refresh both networks and everybody's log-ins. Running it again changes nothing but the calendar."""
    for demo in NETWORKS:
        build(demo)
    with public_context():
        write_platform_people(NETWORKS)


def build(demo: DemoNetwork) -> Network:
    """Make or refresh one network. Its content is written in one transaction: all of it or none."""
    network = _network(demo)
    with network_context(network.ref(primary_host=network_host(demo.slug))), transaction.atomic():
        now = timezone.now()
        # The same people and visits on every machine; another day is another calendar.
        rng = Random(f"{demo.slug} {now.date()}")  # noqa: S311 - nothing secret
        if Doctor.objects.exists():
            write_profile(demo)
            write_visits(demo, rng=rng, now=now)
        else:
            _write_everything(demo, rng)
        write_staff(demo)
        rebuild_all(now=now)  # visits were written in bulk, past what keeps free time up to date
    return network


def _write_everything(demo: DemoNetwork, rng: Random) -> None:
    now = timezone.now()
    catalogue = write_catalogue(demo)
    write_equipment(demo, catalogue, today=now.date())
    write_patients(demo, rng=rng, today=now.date())
    write_blocks(demo, catalogue.doctors, now=now)
    write_visits(demo, rng=rng, now=now)
    write_reviews(demo, catalogue.doctors, rng=rng)
    write_wishes(demo, rng=rng, now=now)


def _network(demo: DemoNetwork) -> Network:
    _role, email, first_name, last_name = demo.staff[0]
    profile = NetworkProfile(
        name=demo.name,
        slug=demo.slug,
        owner_email=email,
        owner_first_name=first_name,
        owner_last_name=last_name,
        language=demo.language,
        country=demo.country,
        currency=demo.currency,
        time_zone=demo.time_zone,
    )
    with public_context():
        network: Network | None = Network.objects.filter(slug=demo.slug).first()
    if network is None:
        network = create_network(profile=profile)
    if network.state == NetworkState.PROVISIONING:
        network = provision_network(network_id=network.pk, profile=profile)
    return network
