"""One business transaction: how it begins, what is tried again, how the database's refusals are translated."""

import random
import time
from collections.abc import Callable
from contextvars import ContextVar
from typing import Final, TypeVar

import structlog
from django.db import Error, OperationalError, transaction

from saas.core.errors import Unavailable
from tenants.booking.errors import PatientBusy, SlotTaken

logger = structlog.get_logger(__name__)

T = TypeVar("T")

EXCLUSION_VIOLATION: Final = "23P01"
RETRYABLE: Final = frozenset({"40P01", "40001", "55P03"})
"""Deadlock, serialization failure, lock timeout."""

_ATTEMPTS: Final = 2
_JITTER_SECONDS: Final = (0.02, 0.15)

_inside: ContextVar[bool] = ContextVar("polyclinic_booking_transaction", default=False)


def in_transaction(work: Callable[[], T]) -> T:
    """Run `work` in one transaction and return its result; a call inside another call joins it.

    A deadlock or a lock timeout is tried once more after a random pause, then raised as Unavailable. A SlotTaken
    leaves with its alternatives, which are looked up after the rollback, when the locks are gone.
    """
    if _inside.get():
        return work()
    try:
        return _run(work)
    except SlotTaken as error:
        error.look_for_alternatives()
        raise


def sqlstate(error: BaseException) -> str:
    """Return PostgreSQL's code of a database error; empty when there is none."""
    return str(getattr(error.__cause__, "pgcode", "") or "")


def violated_constraint(error: BaseException) -> str:
    """Return the name of the constraint that refused. Compare by prefix: Citus appends a shard number."""
    diagnostics = getattr(error.__cause__, "diag", None)
    return str(getattr(diagnostics, "constraint_name", "") or "")


def translate_overlap(error: Error, *, find_alternatives: Callable[[], list[dict[str, object]]]) -> Exception:
    """Return the domain error for an exclusion constraint that refused; any other error comes back as it is."""
    if sqlstate(error) == EXCLUSION_VIOLATION:
        name = violated_constraint(error)
        if name.startswith("booking_claim_no_overlap"):
            return SlotTaken(find_alternatives=find_alternatives)
        if name.startswith("booking_appointment_patient_busy"):
            return PatientBusy()
    return error


def _run(work: Callable[[], T]) -> T:
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            with transaction.atomic():
                return _joined(work)
        except OperationalError as error:
            code = sqlstate(error)
            if code not in RETRYABLE:
                raise
            logger.warning("booking_transaction_retried", sqlstate=code, attempt=attempt)
            if attempt == _ATTEMPTS:
                raise Unavailable from error
            time.sleep(random.uniform(*_JITTER_SECONDS))  # noqa: S311 - spreads rivals, guards nothing
    raise AssertionError  # the loop returns or raises


def _joined(work: Callable[[], T]) -> T:
    """Run `work` so that calls inside it join. Over before the commit: its callbacks are outside."""
    token = _inside.set(True)
    try:
        return work()
    finally:
        _inside.reset(token)
