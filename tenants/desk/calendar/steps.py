"""What can be done with an open visit on its day: the buttons of its panel and the actions behind them."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from tenants.audit.actions import Actor
from tenants.booking.actions import (
    call_in_appointment,
    cancel_appointment,
    check_in_appointment,
    complete_appointment,
    confirm_appointment,
    mark_no_show,
    take_payment,
    undo_check_in,
)
from tenants.booking.actions.approving import approve_appointment, refuse_appointment
from tenants.booking.models import Appointment, PaymentMethod
from tenants.desk.calendar.sheet import State


def _confirm(visit: UUID, version: int, actor: Actor, now: dt.datetime, _form: dict[str, str]) -> Appointment:
    return confirm_appointment(
        public_id=visit, expected_version=version, actor=actor, now=now, for_staff=True
    )


def _approve(visit: UUID, version: int, actor: Actor, now: dt.datetime, _form: dict[str, str]) -> Appointment:
    return approve_appointment(public_id=visit, expected_version=version, actor=actor, now=now)


def _refuse(visit: UUID, version: int, actor: Actor, now: dt.datetime, _form: dict[str, str]) -> Appointment:
    return refuse_appointment(public_id=visit, expected_version=version, actor=actor, now=now)


def _arrive(visit: UUID, version: int, actor: Actor, now: dt.datetime, _form: dict[str, str]) -> Appointment:
    return check_in_appointment(public_id=visit, expected_version=version, actor=actor, now=now)


def _leave(visit: UUID, version: int, actor: Actor, _now: dt.datetime, _form: dict[str, str]) -> Appointment:
    return undo_check_in(public_id=visit, expected_version=version, actor=actor)


def _call_in(visit: UUID, version: int, actor: Actor, now: dt.datetime, _form: dict[str, str]) -> Appointment:
    return call_in_appointment(public_id=visit, expected_version=version, actor=actor, now=now)


def _complete(
    visit: UUID, version: int, actor: Actor, now: dt.datetime, _form: dict[str, str]
) -> Appointment:
    return complete_appointment(
        public_id=visit, expected_version=version, actor=actor, now=now, for_staff=True
    )


def _absent(visit: UUID, version: int, actor: Actor, now: dt.datetime, _form: dict[str, str]) -> Appointment:
    return mark_no_show(public_id=visit, expected_version=version, actor=actor, now=now, for_staff=True)


def _pay(visit: UUID, version: int, actor: Actor, now: dt.datetime, form: dict[str, str]) -> Appointment:
    method = form.get("method", "")
    if method not in PaymentMethod.values:
        raise ValidationError(gettext("Choose how the visit was paid."), code="method")
    return take_payment(public_id=visit, method=method, expected_version=version, actor=actor, now=now)


def _cancel(visit: UUID, version: int, actor: Actor, now: dt.datetime, form: dict[str, str]) -> Appointment:
    return cancel_appointment(
        public_id=visit,
        reason=form.get("reason", ""),
        expected_version=version,
        actor=actor,
        now=now,
        for_staff=True,
    )


@dataclass(frozen=True, slots=True)
class Step:
    """One button of the visit's panel: what it does, in which states it is offered, what is said when it is done."""

    run: Callable[[UUID, int, Actor, dt.datetime, dict[str, str]], Appointment]
    label: str | Promise
    icon: str
    states: frozenset[State]
    done: str | Promise
    after_start: bool = False
    """Offered only when the visit has begun."""
    ends: bool = False
    """The visit is over then; `restore_appointment` takes it back."""


TO_COME: Final = frozenset({State.APPROVAL, State.SCHEDULED, State.CONFIRMED})
_HERE: Final = frozenset({State.ARRIVED, State.IN_ROOM})
STEPS: Final[dict[str, Step]] = {
    "approve": Step(
        _approve, _("Approve"), "check", frozenset({State.APPROVAL}), _("The visit is approved.")
    ),
    "refuse": Step(
        _refuse, _("Turn down"), "x", frozenset({State.APPROVAL}), _("The request is turned down."), ends=True
    ),
    "confirm": Step(
        _confirm, _("Confirm"), "check", frozenset({State.SCHEDULED}), _("The visit is confirmed.")
    ),
    "arrived": Step(_arrive, _("Has arrived"), "user-check", TO_COME, _("The patient is here.")),
    "called": Step(
        _call_in,
        _("Call in"),
        "door-open",
        frozenset({*TO_COME, State.ARRIVED}),
        _("The patient is with the doctor."),
    ),
    "done": Step(
        _complete,
        pgettext_lazy("button", "Finish the visit"),
        "check-check",
        frozenset({*TO_COME, *_HERE}),
        _("The visit is done."),
        after_start=True,
        ends=True,
    ),
    "absent": Step(
        _absent,
        _("Did not come"),
        "user-x",
        TO_COME,
        _("Noted: the patient did not come."),
        after_start=True,
        ends=True,
    ),
    "left": Step(_leave, _("Not here after all"), "undo-2", _HERE, _("The arrival is taken back.")),
    "paid": Step(_pay, _("Take payment"), "banknote", frozenset(), _("The visit is paid.")),
    "cancel": Step(_cancel, _("Cancel the visit"), "x", frozenset(), _("The visit is cancelled."), ends=True),
}
