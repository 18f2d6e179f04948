"""The steps of a sign-up: begin, confirm the e-mail, open the network, try again."""

import datetime as dt
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import structlog
from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.crypto import constant_time_compare
from kombu.exceptions import OperationalError

from saas.accounts.models import User
from saas.accounts.roles import Role
from saas.networks.actions import create_network
from saas.networks.errors import BadLink
from saas.networks.lifecycle import NetworkState
from saas.networks.models import Network
from saas.onboarding import tasks
from saas.onboarding.codes import hash_code
from saas.onboarding.errors import (
    CodeExpired,
    NotConfirmed,
    ResendTooSoon,
    TooManyGuesses,
    TooManyLetters,
    WrongCode,
)
from saas.onboarding.models import SignUp
from saas.onboarding.profiles import profile_of

logger = structlog.get_logger(__name__)

RESEND_WAIT: Final = dt.timedelta(seconds=60)
MAX_GUESSES: Final = 5
MAX_LETTERS: Final = 5


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the form says, cleaned: `slug` in its stored form; codes as in `places` and settings.LANGUAGES."""

    clinic_name: str
    slug: str
    country: str
    time_zone: str
    currency: str
    language: str
    plan_code: str


def begin_sign_up(
    *, wishes: Wishes, email: str, password: str, request_key: UUID, now: dt.datetime
) -> SignUp:
    """Note a sign-up and have a letter sent: a code, or, to an e-mail that has an account, word of that.

    The same work is done in both cases. Repeated with the same `request_key`, returns the first sign-up.
    """
    email = email.strip().lower()
    hashed = make_password(password)
    try:
        with transaction.atomic():
            sign_up = SignUp.objects.create(
                request_key=request_key,
                email=email,
                password=hashed,
                known_account=User.objects.filter(email=email).exists(),
                consent_at=now,
                code_requested_at=now,
                **_fields(wishes),
            )
            transaction.on_commit(lambda: _nudge_mail(sign_up.pk))
    except IntegrityError:
        return SignUp.objects.get(request_key=request_key)
    return sign_up


def begin_for_owner(*, wishes: Wishes, owner: User, request_key: UUID, now: dt.datetime) -> SignUp:
    """Note a further network of an owner who is signed in: the e-mail is theirs. Idempotent by `request_key`."""
    try:
        with transaction.atomic():
            return SignUp.objects.create(
                request_key=request_key,
                email=owner.email or "",
                user=owner,
                consent_at=now,
                code_requested_at=now,
                verified_at=now,
                is_mail_due=False,
                **_fields(wishes),
            )
    except IntegrityError:
        return SignUp.objects.get(request_key=request_key, user=owner)


def request_another_code(*, sign_up_id: int, now: dt.datetime) -> None:
    """Have a new code sent. Raises ResendTooSoon or TooManyLetters; one UPDATE decides, so parallel clicks send one."""
    changed = SignUp.objects.filter(
        pk=sign_up_id,
        verified_at=None,
        code_requests__lt=MAX_LETTERS,
        code_requested_at__lte=now - RESEND_WAIT,
    ).update(code_requests=F("code_requests") + 1, code_requested_at=now, is_mail_due=True)
    if changed:
        _nudge_mail(sign_up_id)
        return
    sign_up = _found(sign_up_id)
    if sign_up.verified_at:
        return
    if sign_up.code_requests >= MAX_LETTERS:
        raise TooManyLetters
    left = (sign_up.code_requested_at + RESEND_WAIT - now).total_seconds()
    raise ResendTooSoon(params={"retry_after": max(int(left), 1)})


def confirm_email(*, sign_up_id: int, code: str, now: dt.datetime) -> tuple[SignUp, User | None]:
    """Take the code, make the owner's account, and return the sign-up with the account if it is new.

    The guess is counted by an UPDATE that commits before the code is looked at, so parallel guesses share the five.
    Locks the sign-up. Raises WrongCode, CodeExpired, TooManyGuesses. Repeated after success, changes nothing.
    """
    counted = SignUp.objects.filter(pk=sign_up_id, verified_at=None, guesses__lt=MAX_GUESSES).update(
        guesses=F("guesses") + 1
    )
    with transaction.atomic():
        sign_up = _found(sign_up_id, lock=True)
        if sign_up.verified_at:
            return sign_up, None
        if not counted:
            raise TooManyGuesses
        if sign_up.code_expires_at and sign_up.code_expires_at <= now:
            raise CodeExpired
        if sign_up.known_account or not constant_time_compare(
            sign_up.code_hash, hash_code(sign_up_id, code.strip())
        ):
            raise WrongCode(params={"left": max(MAX_GUESSES - sign_up.guesses, 0)})
        user, is_new = User.objects.get_or_create(
            email=sign_up.email,
            defaults={
                "password": sign_up.password,
                "role": Role.OWNER,
                "is_patient": False,
                "language": sign_up.language,
            },
        )
        if is_new:
            EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
        sign_up.user, sign_up.verified_at = user, now
        sign_up.password = sign_up.code_hash = ""
        sign_up.is_mail_due = False
        sign_up.save(update_fields=["user", "verified_at", "password", "code_hash", "is_mail_due"])
    return sign_up, user if is_new else None


def open_network(*, sign_up_id: int, slug: str = "") -> SignUp:
    """Reserve the address and set provisioning off. `slug` replaces an address that was taken meanwhile.

    Locks the sign-up; repeated, changes nothing. Raises NotConfirmed, and SubdomainRefused when somebody was faster:
    everything else the owner typed is kept.
    """
    with transaction.atomic():
        sign_up = _found(sign_up_id, lock=True)
        if sign_up.verified_at is None or sign_up.user is None:
            raise NotConfirmed
        if sign_up.network_id is not None:
            return sign_up
        if slug:
            sign_up.slug = slug
        sign_up.network = create_network(profile=profile_of(sign_up), actor_id=sign_up.user.pk)
        sign_up.save(update_fields=["slug", "network"])
        transaction.on_commit(lambda: nudge_provisioning(sign_up_id))
    return sign_up


def retry_provisioning(*, sign_up_id: int) -> None:
    """Clear the failure and set provisioning off again. Does nothing to a network that is ready."""
    sign_up = _found(sign_up_id)
    Network.objects.filter(pk=sign_up.network_id, state=NetworkState.PROVISIONING).update(
        provisioning_error=""
    )
    nudge_provisioning(sign_up_id)


def nudge_provisioning(sign_up_id: int) -> None:
    """Ask a worker to prepare the network. A lost nudge costs seconds: the sweep finds the row."""
    try:
        tasks.provision.delay(sign_up_id)
    except OperationalError:
        logger.exception("provisioning_nudge_lost", sign_up=sign_up_id)


def _nudge_mail(sign_up_id: int) -> None:
    try:
        tasks.mail_code.delay(sign_up_id)
    except OperationalError:
        logger.exception("mail_nudge_lost", sign_up=sign_up_id)


def _found(sign_up_id: int, *, lock: bool = False) -> SignUp:
    rows = SignUp.objects.select_for_update() if lock else SignUp.objects.all()
    sign_up = rows.filter(pk=sign_up_id).first()
    if sign_up is None:
        raise BadLink
    return sign_up


def _fields(wishes: Wishes) -> dict[str, str]:
    return {
        "clinic_name": wishes.clinic_name,
        "slug": wishes.slug,
        "country": wishes.country,
        "time_zone": wishes.time_zone,
        "currency": wishes.currency,
        "language": wishes.language,
        "plan_code": wishes.plan_code,
    }
