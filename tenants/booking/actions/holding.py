"""Keeping a time for somebody while they decide. A hold is claims with an expiry, as hard as any other claim.

Whether a hold has expired is said by the database's clock alone. A booking ignores expired holds and puts them
away under its locks; the sweep only tidies up.
"""

import datetime as dt
from typing import Final
from uuid import UUID

from django.db import IntegrityError, connection
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from saas.networks.context import current_schema
from tenants.audit.actions import Actor
from tenants.booking.actions.booking import book_appointment
from tenants.booking.actions.freeing import announce_freed, free_claims
from tenants.booking.actions.placing import alternatives_finder, lock_place, offered
from tenants.booking.actions.writing import claim_place
from tenants.booking.models import Appointment, Claim, ClaimKind, Hold, HoldPurpose
from tenants.booking.policy import current_policy
from tenants.booking.reservation_errors import HoldExtended, HoldGone, HoldNotFound, TooManyHolds
from tenants.booking.selectors.holds import live_holds
from tenants.booking.transactions import in_transaction, translate_overlap

FORM_SECONDS: Final = 450
"""How long a form holds a time, and by how much it can be extended, once."""

MOST_OF_ORIGIN: Final = 6
"""How many times one address holds for forms at once: a family, not a robot."""

KEPT: Final = dt.timedelta(days=1)
"""How long a hold that is over stays to be looked at."""

_SWEPT_AT_ONCE: Final = 500


def hold_slot(
    *,
    doctor_id: int,
    service_id: int,
    clinic_id: int,
    starts_at: dt.datetime,
    holder: str,
    now: dt.datetime,
    purpose: str = HoldPurpose.FORM,
    seconds: int = FORM_SECONDS,
    for_staff: bool = False,
    origin: str = "",
    most_of_origin: int = MOST_OF_ORIGIN,
) -> Hold:
    """Keep a time for `holder` for so many seconds from now on.

    `holder` is an opaque key without "@". For a form, one holder holds one time: another one replaces it, the same
    one again is answered with the hold there is. `origin` (a hashed address) may have a few form holds at once.
    Locks the holder, then the resources. Raises what `book_appointment` raises but PatientBusy, and TooManyHolds.
    """
    policy = current_policy()
    offer = offered(
        doctor_id=doctor_id,
        service_id=service_id,
        clinic_id=clinic_id,
        starts_at=starts_at,
        policy=policy,
        now=now,
    )
    begins_at = starts_at.astimezone(dt.UTC)

    def work() -> Hold:
        previous = None
        if purpose == HoldPurpose.FORM:
            _one_at_a_time(holder)
            previous = live_holds(holder).first()
            if previous is not None and _is_of(previous, doctor_id, service_id, clinic_id, begins_at):
                return previous
            if origin:
                _require_few(origin, but=previous, most=most_of_origin)
        place = lock_place(
            offer,
            starts_at=begins_at,
            length=dt.timedelta(minutes=offer.duration_minutes),
            patient_id=None,
            policy=policy,
            now=now,
            for_staff=for_staff,
            hold_id=previous.pk if previous else None,
        )
        if previous is not None:
            free_claims(Claim.objects.filter(hold=previous))
        expires_at = _database_time() + dt.timedelta(seconds=seconds)
        hold = Hold.objects.create(
            purpose=purpose,
            doctor_id=doctor_id,
            service_id=service_id,
            clinic_id=clinic_id,
            starts_at=place.starts_at,
            ends_at=place.ends_at,
            expires_at=expires_at,
            holder=f"{holder}@{origin}",
        )
        try:
            claim_place(
                place, clinic_id=clinic_id, kind=ClaimKind.HOLD, hold_id=hold.pk, expires_at=expires_at
            )
        except IntegrityError as error:
            finder = alternatives_finder(offer, around=begins_at, now=now, for_staff=for_staff)
            raise translate_overlap(error, find_alternatives=finder) from error
        return hold

    return in_transaction(work)


def extend_hold(*, public_id: UUID | str, holder: str) -> Hold:
    """Keep a form's time for `FORM_SECONDS` more, once. Locks the hold.

    Raises HoldNotFound (also for somebody else's), HoldGone, HoldExtended.
    """

    def work() -> Hold:
        hold = Hold.objects.select_for_update().filter(_handle(public_id, holder)).first()
        if hold is None:
            raise HoldNotFound
        if hold.extended:
            raise HoldExtended
        longer = hold.expires_at + dt.timedelta(seconds=FORM_SECONDS)
        claims = Claim.objects.filter(hold=hold, active=True, expires_at__gt=Now())
        if not claims.update(expires_at=longer):
            raise HoldGone
        hold.extended = True
        hold.expires_at = longer
        hold.save(update_fields=["extended", "expires_at"])
        return hold

    return in_transaction(work)


def release_hold(*, public_id: UUID | str, holder: str) -> None:
    """Give a held time back; again is no change. Raises HoldNotFound, also for somebody else's."""

    def work() -> None:
        hold = Hold.objects.filter(_handle(public_id, holder)).first()
        if hold is None:
            raise HoldNotFound
        free_claims(Claim.objects.filter(hold=hold))

    in_transaction(work)


def confirm_hold(
    *,
    public_id: UUID | str,
    holder: str,
    patient_id: int,
    source: str,
    language: str,
    notes: str = "",
    actor: Actor,
    now: dt.datetime,
    for_staff: bool = False,
) -> Appointment:
    """Book the time that is held. One that expired is booked as well, unless somebody else was faster.

    Raises HoldNotFound and what `book_appointment` raises.
    """
    hold = Hold.objects.filter(_handle(public_id, holder)).first()
    if hold is None:
        raise HoldNotFound
    return book_appointment(
        doctor_id=hold.doctor_id,
        service_id=hold.service_id,
        clinic_id=hold.clinic_id,
        starts_at=hold.starts_at,
        patient_id=patient_id,
        source=source,
        language=language,
        notes=notes,
        actor=actor,
        now=now,
        for_staff=for_staff,
        hold_id=hold.pk,
    )


def sweep_holds() -> int:
    """Put away what has expired, and forget old form holds; return how many claims were freed.

    Rows that a booking has in hand are left to it. Freed time is announced to the waiting list.
    """

    def work() -> int:
        expired = Claim.objects.filter(active=True, kind=ClaimKind.HOLD, expires_at__lte=Now())
        rows = expired.order_by("pk").select_for_update(skip_locked=True, of=("self",))
        ids = list(rows.values_list("pk", flat=True)[:_SWEPT_AT_ONCE])
        if ids:
            freed = Claim.objects.filter(pk__in=ids)
            free_claims(freed)
            announce_freed(freed.filter(hold__purpose=HoldPurpose.FORM))
        return len(ids)

    count = in_transaction(work)
    _forget_old()
    return count


def _forget_old() -> None:
    old = Hold.objects.filter(
        ~Exists(Claim.objects.filter(hold=OuterRef("pk"), active=True)),
        expires_at__lt=Now() - KEPT,
        waitlist_offers=None,
        rebooking_proposals=None,
    )

    def work() -> None:
        ids = list(old.values_list("pk", flat=True)[:_SWEPT_AT_ONCE])
        Claim.objects.filter(hold__in=ids, active=False).delete()
        Hold.objects.filter(pk__in=ids).delete()

    in_transaction(work)


def _is_of(hold: Hold, doctor_id: int, service_id: int, clinic_id: int, starts_at: dt.datetime) -> bool:
    return (hold.doctor_id, hold.service_id, hold.clinic_id, hold.starts_at) == (
        doctor_id,
        service_id,
        clinic_id,
        starts_at,
    )


def _handle(public_id: UUID | str, holder: str) -> Q:
    return Q(public_id=public_id, holder__startswith=f"{holder}@")


def _require_few(origin: str, *, but: Hold | None, most: int) -> None:
    others: QuerySet[Hold] = live_holds().filter(purpose=HoldPurpose.FORM, holder__endswith=f"@{origin}")
    if but is not None:
        others = others.exclude(pk=but.pk)
    waits = list(others.annotate(left=F("expires_at") - Now()).values_list("left", flat=True)[:most])
    if len(waits) >= most:
        raise TooManyHolds(params={"retry_after": max(1, int(min(waits).total_seconds()))})


def _one_at_a_time(holder: str) -> None:
    """Two requests of one holder wait for each other. The schema is in the key: advisory locks know none."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"{current_schema()}:hold:{holder}"]
        )


def _database_time() -> dt.datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp()")
        [moment] = cursor.fetchone()
    found: dt.datetime = moment
    return found
