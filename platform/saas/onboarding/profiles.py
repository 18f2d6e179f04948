"""A sign-up in the words of provisioning."""

from saas.networks.actions import NetworkProfile
from saas.onboarding.models import SignUp


def profile_of(sign_up: SignUp) -> NetworkProfile:
    """Return what provisioning needs to know."""
    return NetworkProfile(
        name=sign_up.clinic_name,
        slug=sign_up.slug,
        owner_email=sign_up.email,
        owner_first_name=sign_up.user.first_name if sign_up.user else "",
        owner_last_name=sign_up.user.last_name if sign_up.user else "",
        language=sign_up.language,
        country=sign_up.country,
        currency=sign_up.currency,
        time_zone=sign_up.time_zone,
        plan_code=sign_up.plan_code,
    )
