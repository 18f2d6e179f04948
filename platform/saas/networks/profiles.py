"""What is known of a network's sign-up from its row: enough to provision it again."""

from saas.accounts.models import User
from saas.networks.actions import NetworkProfile
from saas.networks.models import Network


def profile_of(network: Network) -> NetworkProfile:
    """Return the profile; the owner's name comes from their account on the platform, if they have one."""
    owner = User.objects.filter(email=network.owner_email).first()
    return NetworkProfile(
        name=network.name,
        slug=network.slug,
        owner_email=network.owner_email,
        owner_first_name=owner.first_name if owner else "",
        owner_last_name=owner.last_name if owner else "",
        language=network.language,
        country=network.country,
        currency=network.currency,
        time_zone=network.time_zone,
        plan_code=network.plan_code,
    )
