"""Saving what breaks visits asks first: which ones, with a new time for each, and what is to become of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Final, Generic, TypeVar

from django.db.models import Model
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from wagtail.admin import messages

from saas.core.errors import DomainError
from saas.core.formatting import format_when
from tenants.audit.actions import Actor, actor_of, record
from tenants.audit.models import AuditEvent
from tenants.booking.actions.changing import cancel_appointment
from tenants.booking.actions.rebooking import propose_rebooking, undo_batch
from tenants.booking.models import RebookingBatch, ScheduleException
from tenants.booking.reservation_errors import NoVisitsToMove
from tenants.booking.windows.impact import OrphanedVisit

KEEP: Final = "keep"
PROPOSE: Final = "propose"
CANCEL: Final = "cancel"
DECISIONS: Final[dict[str, Promise]] = {
    PROPOSE: _("Propose the new times: each patient gets a link and answers with one tap"),
    KEEP: _("Keep the visits as they are"),
    CANCEL: _("Cancel the visits and tell the patients"),
}
DECIDED: Final = "schedule.impact_decided"

_FIELD: Final = "impact_decision"
_SEEN: Final = "impact_seen"
_OWN_FIELDS: Final = frozenset({_FIELD, _SEEN, "csrfmiddlewaretoken"})


FormT = TypeVar("FormT", bound=BaseForm)


class AsksFirst(Generic[FormT]):
    """For views that create, edit or delete: shows the visits that would break and saves only with a decision.

    If other visits have come in between, it asks again. What was typed travels with the question.
    """

    impact_reason: ClassVar[str | Promise] = _("Change of working hours")
    request: HttpRequest

    def visits_at_stake(self, form: FormT) -> Sequence[OrphanedVisit]:
        """Return the visits that break when this is saved."""
        raise NotImplementedError

    def get_impact_reason(self) -> str:
        """The reason that patients are told."""
        return str(self.impact_reason)

    def form_valid(self, form: FormT) -> HttpResponse:
        broken = self.visits_at_stake(form)
        decision = decision_on(self.request, broken)
        if broken and decision is None:
            return ask(self.request, broken)
        response: HttpResponse = super().form_valid(form)  # type: ignore[misc] # a mix-in for form views
        if decision is not None:
            carry_out(
                self.request,
                decision,
                broken,
                reason=self.get_impact_reason(),
                on=getattr(self, "object", None),
            )
        return response


def decision_on(request: HttpRequest, broken: Sequence[OrphanedVisit]) -> str | None:
    """Return what was decided about these visits; None where nothing was, or other visits were shown."""
    decision = request.POST.get(_FIELD, "")
    seen = {int(each) for each in request.POST.get(_SEEN, "").split(",") if each.isdigit()}
    ids = {each.appointment.pk for each in broken}
    return decision if ids and decision in DECISIONS and seen >= ids else None


def ask(request: HttpRequest, broken: Sequence[OrphanedVisit]) -> HttpResponse:
    """Return the page that lists the visits and asks what is to become of them. Nothing has been written."""
    hidden = [
        (name, value) for name, values in request.POST.lists() if name not in _OWN_FIELDS for value in values
    ]
    return render(
        request,
        "tenants/cms/impact.html",
        {
            "visits": [
                {
                    "when": format_when(each.appointment.appointment_date, zone=each.appointment.time_zone),
                    "patient": each.appointment.patient,
                    "service": each.appointment.service,
                    "doctor": each.appointment.doctor,
                    "clinic": each.appointment.clinic,
                    "proposed": format_when(each.proposed.starts_at, zone=each.proposed.time_zone)
                    if each.proposed
                    else "",
                    "is_other_doctor": each.proposed is not None
                    and each.proposed.doctor_id != each.appointment.doctor_id,
                }
                for each in broken
            ],
            "hidden": hidden,
            "seen": ",".join(str(each.appointment.pk) for each in broken),
            "decisions": DECISIONS.items(),
            "field": _FIELD,
            "seen_field": _SEEN,
            "has_files": bool(request.FILES),
        },
    )


def carry_out(
    request: HttpRequest, decision: str, broken: Sequence[OrphanedVisit], *, reason: str, on: Model | None
) -> None:
    """Do with the visits what was decided, after the change has been saved, and say what came of it. Audited.

    Each visit has its own transaction: one that cannot be cancelled or moved any more does not keep the others.
    """
    actor = actor_of(request)
    ids = [each.appointment.pk for each in broken]
    facts: dict[str, Any] = {"decision": decision, "appointments": ids}
    if decision == PROPOSE:
        batch = _propose(request, broken, reason=reason, actor=actor)
        facts["batch"] = str(batch.public_id) if batch is not None else ""
    elif decision == CANCEL:
        _cancel(request, broken, reason=reason, actor=actor)
    record(DECIDED, actor=actor, on=on if on is not None and on.pk else None, data=facts)


def batch_of(exception: ScheduleException) -> RebookingBatch | None:
    """Return the visits' new times that were proposed when this exception was saved, unless they were undone."""
    public_ids = AuditEvent.objects.filter(
        action=DECIDED,
        object_type=ScheduleException._meta.label_lower,
        object_id=str(exception.pk),
        data__decision=PROPOSE,
    ).values_list("data__batch", flat=True)
    known = [each for each in public_ids if each]
    return RebookingBatch.objects.filter(public_id__in=known, undone_at=None).order_by("-pk").first()


def take_back(request: HttpRequest, batch: RebookingBatch) -> None:
    """Withdraw open proposals and move accepted visits back, and say how far that went."""
    try:
        report = undo_batch(public_id=batch.public_id, actor=actor_of(request), now=timezone.now())
    except DomainError as error:
        messages.error(request, str(error.message))
        return
    messages.success(
        request,
        _("Proposals withdrawn: %(withdrawn)s, visits moved back: %(moved)s.")
        % {"withdrawn": report.withdrawn, "moved": report.moved_back},
    )
    for each in report.not_undone:
        messages.warning(request, str(each.message))


def _propose(
    request: HttpRequest, broken: Sequence[OrphanedVisit], *, reason: str, actor: Actor
) -> RebookingBatch | None:
    doctors = {each.appointment.doctor_id for each in broken}
    try:
        batch = propose_rebooking(
            appointment_ids=[each.appointment.pk for each in broken],
            reason=reason,
            actor=actor,
            now=timezone.now(),
            doctor_id=doctors.pop() if len(doctors) == 1 else None,
        )
    except NoVisitsToMove as error:
        messages.warning(request, str(error.message))
        return None
    sent = batch.proposals.filter(hold__isnull=False).count()
    left = batch.proposals.filter(hold__isnull=True).count()
    messages.success(
        request,
        ngettext("New time proposed for %(count)s visit.", "New times proposed for %(count)s visits.", sent)
        % {"count": sent},
    )
    if left:
        messages.warning(
            request,
            ngettext(
                "No free time was found for %(count)s visit: please call the patient.",
                "No free time was found for %(count)s visits: please call the patients.",
                left,
            )
            % {"count": left},
        )
    return batch


def _cancel(request: HttpRequest, broken: Sequence[OrphanedVisit], *, reason: str, actor: Actor) -> None:
    cancelled = 0
    for each in broken:
        try:
            cancel_appointment(
                public_id=each.appointment.public_id,
                reason=reason,
                actor=actor,
                now=timezone.now(),
                for_staff=True,
            )
        except DomainError as error:
            messages.warning(request, f"{each.appointment.patient}: {error.message}")
        else:
            cancelled += 1
    messages.success(
        request,
        ngettext("%(count)s visit cancelled.", "%(count)s visits cancelled.", cancelled)
        % {"count": cancelled},
    )
