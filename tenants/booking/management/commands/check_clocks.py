from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from saas.networks.context import network_context, public_context
from saas.networks.directory import primary_host
from saas.networks.lifecycle import states_with_schema
from saas.networks.models import Network
from tenants.booking.windows.clocks import note_visits_off_their_clock, visits_off_their_clock


class Command(BaseCommand):
    help = (
        "List the visits to come whose instant no longer shows the time that was promised, as after a change of a "
        "zone's law. Run it after every update of tzdata; exit 1 if there are any."
    )

    def handle(self, *_args: Any, **_options: Any) -> None:
        with public_context():
            networks = Network.objects.filter(state__in=states_with_schema()).order_by("id")
            refs = [network.ref(primary_host=primary_host(network)) for network in networks]
        total = 0
        for ref in refs:
            with network_context(ref):
                now = timezone.now()
                for visit in visits_off_their_clock(now=now):
                    total += 1
                    self.stdout.write(
                        f"{ref.schema_name} {visit.public_id}: promised {visit.local_start} {visit.time_zone}, "
                        f"shows {visit.shows}; should begin at {visit.should_start_at:%Y-%m-%dT%H:%MZ}"
                    )
                note_visits_off_their_clock(now=now)
        if total:
            raise CommandError(f"{total} visits no longer begin at the time that was promised")
        self.stdout.write(self.style.SUCCESS(f"all visits of {len(refs)} networks keep their promised times"))
