"""Keeping time of a doctor, a room or a device free of visits."""

import datetime as dt

from django.db import IntegrityError
from psycopg2.extras import DateTimeTZRange

from saas.core.errors import NotFound
from tenants.audit.actions import Actor, record
from tenants.booking.actions.freeing import announce_freed, bounds
from tenants.booking.errors import BadInterval, BlockNotFound, TimeNotFree
from tenants.booking.gaps.store import rewrite_after_commit, rewrite_around
from tenants.booking.loading import ensure_doctor_resource
from tenants.booking.models import Claim, ClaimKind, Resource
from tenants.booking.transactions import EXCLUSION_VIOLATION, in_transaction, sqlstate
from tenants.doctors.models import Doctor

REASON_LENGTH = 200


def block_time(
    *,
    doctor_id: int | None = None,
    resource_id: int | None = None,
    clinic_id: int | None,
    starts_at: dt.datetime,
    ends_at: dt.datetime,
    reason: str,
    actor: Actor,
) -> Claim:
    """Close `[starts_at, ends_at)` for visits: of a doctor, in every clinic, or of any resource by its own id.

    `clinic_id` says where it was noted. Locks the resource. Raises BadInterval, NotFound for an unknown doctor or
    resource, TimeNotFree when visits or other blocks are in it.
    """
    if ends_at <= starts_at:
        raise BadInterval

    def work() -> Claim:
        resource = _locked_resource(doctor_id, resource_id)
        span = DateTimeTZRange(starts_at, ends_at)
        met = list(
            Claim.objects.filter(resource=resource, active=True, overbook=False, span__overlap=span)
            .exclude(kind=ClaimKind.HOLD)
            .values_list("kind", "appointment__public_id")
        )
        if met:
            visits = [str(public_id) for kind, public_id in met if kind == ClaimKind.BOOKING]
            raise TimeNotFree(params={"appointments": visits})
        # Nobody has a right to time that is only held while somebody fills in a form.
        Claim.objects.filter(resource=resource, active=True, kind=ClaimKind.HOLD, span__overlap=span).update(
            active=False
        )
        try:
            block = Claim.objects.create(
                resource=resource,
                span=span,
                kind=ClaimKind.BLOCK,
                clinic_id=clinic_id,
                reason=reason.replace("\x00", "").strip()[:REASON_LENGTH],
            )
        except IntegrityError as error:
            if sqlstate(error) == EXCLUSION_VIOLATION:
                raise TimeNotFree(params={"appointments": []}) from error
            raise
        rewrite_around([(resource.pk, starts_at, ends_at)])
        whose = {"doctor": resource.doctor_id} if resource.doctor_id else {"resource": resource.pk}
        record("booking.time_blocked", actor=actor, on=block, data={**whose, "clinic": clinic_id})
        return block

    return in_transaction(work)


def move_block(
    *,
    claim_id: int,
    doctor_id: int | None = None,
    resource_id: int | None = None,
    starts_at: dt.datetime,
    ends_at: dt.datetime,
    actor: Actor,
) -> Claim:
    """Give blocked time another beginning, end, doctor or room, in one step; return the claim that replaces it.

    Locks the claim, then the resource. Raises BlockNotFound, and what `block_time` raises; then nothing is changed.
    """

    def work() -> Claim:
        block = (
            Claim.objects.select_for_update().filter(pk=claim_id, kind=ClaimKind.BLOCK, active=True).first()
        )
        if block is None:
            raise BlockNotFound
        unblock_time(claim_id=claim_id, actor=actor)
        return block_time(
            doctor_id=doctor_id,
            resource_id=resource_id,
            clinic_id=block.clinic_id,
            starts_at=starts_at,
            ends_at=ends_at,
            reason=block.reason,
            actor=actor,
        )

    return in_transaction(work)


def unblock_time(*, claim_id: int, actor: Actor) -> None:
    """Open blocked time again; the waiting list hears of it. Locks the claim. Raises BlockNotFound."""

    def work() -> None:
        blocks = Claim.objects.select_for_update().filter(pk=claim_id, kind=ClaimKind.BLOCK, active=True)
        block = blocks.first()
        if block is None:
            raise BlockNotFound
        block.active = False
        block.save(update_fields=["active"])
        rewrite_after_commit([(block.resource_id, *bounds(block.span))])
        announce_freed(Claim.objects.filter(pk=block.pk))
        record("booking.time_unblocked", actor=actor, on=block)

    in_transaction(work)


def _locked_resource(doctor_id: int | None, resource_id: int | None) -> Resource:
    rows = Resource.objects.select_for_update()
    if resource_id is not None:
        found = rows.filter(pk=resource_id).first()
        if found is None:
            raise NotFound(code="resource_unknown")
        return found
    if doctor_id is None:
        raise NotFound(code="resource_unknown")
    resource = rows.filter(doctor_id=doctor_id).first()
    if resource is None:
        if not Doctor.objects.filter(pk=doctor_id).exists():
            raise NotFound(code="doctor_unknown")
        ensure_doctor_resource(doctor_id)
        resource = rows.get(doctor_id=doctor_id)
    return resource
