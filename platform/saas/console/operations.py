"""What an operator can do to one network. Each returns the sentence that tells how it went.

All of them are actions of `saas.networks` and `saas.onboarding`, which check the rules and write the log.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from saas.accounts.models import User
from saas.console.forms import ConfirmForm, ReasonForm, StaffForm
from saas.networks import actions, audit
from saas.networks.handover import issue_handover
from saas.networks.lifecycle import NetworkState
from saas.networks.models import Network
from saas.networks.scheduled import migrate_network, provision_again
from saas.networks.second_factor import reset_staff_second_factor


@dataclass(frozen=True, slots=True)
class Outcome:
    """A sentence for the operator, and where to go next (empty: back to the network)."""

    message: str
    redirect: str = ""


@dataclass(frozen=True, slots=True)
class Operation:
    """One button of the console: its words, its question, what it does, and the states in which it is offered."""

    code: str
    label: Promise
    question: Promise
    form: type[forms.Form]
    perform: Callable[[User, Network, dict[str, str]], Outcome]
    states: frozenset[str]


def _suspend(operator: User, network: Network, data: dict[str, str]) -> Outcome:
    actions.change_state(
        network_id=network.pk, state=NetworkState.SUSPENDED, actor_id=operator.pk, reason=data["reason"]
    )
    return Outcome(_("“%(name)s” is suspended.") % {"name": network.name})


def _resume(operator: User, network: Network, _data: dict[str, str]) -> Outcome:
    actions.resume_network(network_id=network.pk, actor_id=operator.pk)
    return Outcome(_("“%(name)s” is back at work.") % {"name": network.name})


def _retry_provisioning(operator: User, network: Network, _data: dict[str, str]) -> Outcome:
    audit.record("network.provisioning_retried", network=network, actor_id=operator.pk)
    provision_again.delay(network.pk)
    return Outcome(
        _("Provisioning of “%(name)s” has been started again. Reload in a few seconds.")
        % {"name": network.name}
    )


def _retry_migration(operator: User, network: Network, _data: dict[str, str]) -> Outcome:
    audit.record("network.migration_retried", network=network, actor_id=operator.pk)
    migrate_network.delay(network.pk)
    return Outcome(
        _("Migration of “%(name)s” has been started. Reload in a few seconds.") % {"name": network.name}
    )


def _visit(operator: User, network: Network, data: dict[str, str]) -> Outcome:
    address = issue_handover(
        kind="operator",
        network_id=network.pk,
        user_id=operator.pk,
        email=operator.email or "",
        reason=data["reason"],
        next_path="/cms/",
    )
    return Outcome(_("You are visiting “%(name)s”.") % {"name": network.name}, redirect=address)


def _reset_second_factor(operator: User, network: Network, data: dict[str, str]) -> Outcome:
    reset_staff_second_factor(
        network_id=network.pk, email=data["email"], reason=data["reason"], operator_id=operator.pk
    )
    return Outcome(
        _("The second factor is removed. They sign in again by resetting their password over their e-mail.")
    )


_RUNNING = frozenset({NetworkState.TRIAL, NetworkState.ACTIVE, NetworkState.PAST_DUE})

OPERATIONS = {
    operation.code: operation
    for operation in (
        Operation(
            "suspend",
            gettext_lazy("Suspend"),
            gettext_lazy("Its site, booking and back office stop answering at once. Nothing is deleted."),
            ReasonForm,
            _suspend,
            _RUNNING,
        ),
        Operation(
            "resume",
            gettext_lazy("Resume"),
            gettext_lazy("Its site, booking and back office answer again."),
            ConfirmForm,
            _resume,
            frozenset({NetworkState.SUSPENDED, NetworkState.CLOSED}),
        ),
        Operation(
            "retry-provisioning",
            gettext_lazy("Retry provisioning"),
            gettext_lazy(
                "The schema and the first content are made again from the template. Safe to repeat."
            ),
            ConfirmForm,
            _retry_provisioning,
            frozenset({NetworkState.PROVISIONING}),
        ),
        Operation(
            "retry-migration",
            gettext_lazy("Migrate now"),
            gettext_lazy("Brings the network's schema to the version of the running code. Safe to repeat."),
            ConfirmForm,
            _retry_migration,
            _RUNNING | {NetworkState.SUSPENDED, NetworkState.CLOSED},
        ),
        Operation(
            "visit",
            gettext_lazy("Visit as operator"),
            gettext_lazy(
                "Opens the back office for 30 minutes at most. Every step is logged there and here."
            ),
            ReasonForm,
            _visit,
            _RUNNING,
        ),
        Operation(
            "reset-second-factor",
            gettext_lazy("Reset a second factor"),
            gettext_lazy(
                "For one of the staff who lost it. Make sure first that it is really them: their second factor and "
                "their password stop working and they are signed out everywhere. Write down how they proved it."
            ),
            StaffForm,
            _reset_second_factor,
            _RUNNING,
        ),
    )
}
