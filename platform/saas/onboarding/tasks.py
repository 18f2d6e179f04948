"""What a worker does for a sign-up: letters and provisioning. Public schema; arguments are row ids."""

import datetime as dt
from collections.abc import Mapping
from smtplib import SMTPException
from typing import Final

import structlog
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db.models import Q
from django.template.loader import render_to_string
from django.utils import timezone, translation

from saas.core.errors import DomainError
from saas.networks.actions import provision_network
from saas.networks.hosts import network_host, network_url, platform_url
from saas.networks.lifecycle import NetworkState
from saas.networks.tasks import public_task
from saas.onboarding.codes import CODE_LIFE, issue_code
from saas.onboarding.models import SignUp
from saas.onboarding.profiles import profile_of

logger = structlog.get_logger(__name__)

_PATIENCE: Final = dt.timedelta(seconds=30)
"""How long a nudge may take before the sweep takes the row for lost."""
_UNVERIFIED_LIFE: Final = dt.timedelta(days=1)


@public_task(name="saas.onboarding.tasks.mail_code")
def mail_code(sign_up_id: int) -> None:
    """Send the letter that is due. If the mail server does not take it, it stays due and the sweep tries again."""
    issued = issue_code(sign_up_id=sign_up_id, now=timezone.now())
    if issued is None:
        return
    sign_up, code = issued
    template = "known_account" if sign_up.known_account else "code"
    minutes = int(CODE_LIFE.total_seconds() // 60)
    if _mail(
        template, sign_up, {"code": code, "minutes": minutes, "login_url": platform_url("/accounts/login/")}
    ):
        SignUp.objects.filter(pk=sign_up_id, code_hash=sign_up.code_hash).update(is_mail_due=False)


@public_task(name="saas.onboarding.tasks.provision")
def provision(sign_up_id: int) -> None:
    """Prepare the network of a confirmed sign-up, then write to its owner. Repeating it is harmless."""
    sign_up = SignUp.objects.select_related("network", "user").filter(pk=sign_up_id).first()
    if sign_up is None or sign_up.network is None:
        logger.warning("provisioning_skipped", sign_up=sign_up_id)
        return
    try:
        provision_network(network_id=sign_up.network.pk, profile=profile_of(sign_up))
    except DomainError:
        return  # logged where it happened; the row says so to the progress page, which offers to try again
    if SignUp.objects.filter(pk=sign_up_id, ready_mailed_at=None).update(ready_mailed_at=timezone.now()):
        context = {
            "network_site_url": network_url(network_host(sign_up.slug)),
            "networks_url": platform_url("/networks/"),
        }
        _mail("ready", sign_up, context)


@public_task(name="saas.onboarding.tasks.sweep")
def sweep() -> None:
    """Take up what a lost nudge left lying, and erase sign-ups that nobody confirmed within a day."""
    now = timezone.now()
    late = now - _PATIENCE
    due = SignUp.objects.filter(
        is_mail_due=True, code_requested_at__lt=late, code_requested_at__gt=now - CODE_LIFE
    )
    for sign_up_id in list(due.values_list("pk", flat=True)[:100]):
        mail_code(sign_up_id)
    waiting = SignUp.objects.filter(
        network__state=NetworkState.PROVISIONING, network__provisioning_error="", network__created_at__lt=late
    )
    for sign_up_id in list(waiting.values_list("pk", flat=True)[:20]):
        provision(sign_up_id)
    stale = Q(verified_at=None) | Q(network=None)
    SignUp.objects.filter(stale, created_at__lt=now - _UNVERIFIED_LIFE).delete()


def _mail(template: str, sign_up: SignUp, context: Mapping[str, object]) -> bool:
    """Send a letter in the sign-up's language, as text and as HTML. Returns whether the mail server took it."""
    with translation.override(sign_up.language):
        values = {
            **context,
            "sign_up": sign_up,
            "platform_name": settings.PLATFORM_NAME,
            "network_name": settings.PLATFORM_NAME,
            "language": sign_up.language,
            "site_url": platform_url("/"),
        }
        text = render_to_string(f"saas/onboarding/mail/{template}.txt", values)
        html = render_to_string(f"saas/onboarding/mail/{template}.html", values)
    subject, _blank, body = text.strip().partition("\n")
    letter = EmailMultiAlternatives(subject.strip(), body.strip() + "\n", None, [sign_up.email])
    letter.attach_alternative(html, "text/html")
    try:
        letter.send()
    except (OSError, SMTPException):
        logger.exception("sign_up_letter_refused", sign_up=sign_up.pk, template=template)
        return False
    return True
