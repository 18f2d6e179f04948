"""What the console calls things that the code calls by codes: events of the log, plans, figures."""

from collections.abc import Mapping
from typing import Final

from django.db.models import OuterRef, Subquery
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from saas.billing.models import Plan

EVENTS: Final[Mapping[str, str | Promise]] = {
    "network.created": _("Network created"),
    "network.provisioned": _("Network is ready"),
    "network.provisioning": _("Preparation begun"),
    "network.provisioning_retried": _("Preparation started again"),
    "network.migration_retried": _("Migration started again"),
    "network.trial": _("Trial begun"),
    "network.active": _("Network active"),
    "network.past_due": _("Payment overdue"),
    "network.suspended": _("Network suspended"),
    "network.closed": _("Network closed"),
    "network.purged": _("Network deleted"),
    "handover.owner_issued": _("Owner's log-in: pass issued"),
    "handover.owner_used": _("Owner logged in from the public site"),
    "handover.operator_issued": _("Operator's visit: pass issued"),
    "handover.operator_used": _("Operator visited the network"),
    "account.second_factor_reset": _("Second factor reset"),
}
"""By the code in the log; the code itself stays what is searched and what alerts are made of."""

FIGURES: Final[Mapping[str, str | Promise]] = {
    "appointments": _("appointments"),
    "doctors": _("doctors"),
}


def event_words(code: str) -> str:
    """Return what an event is called; the code for one that has no words."""
    return str(EVENTS.get(code, code))


def figure_words(name: str) -> str:
    """Return what a figure of use is called."""
    return str(FIGURES.get(name, name))


def plan_name_field() -> str:
    """Return the field of a plan that holds its name in the language of this request."""
    return "name_ru" if (get_language() or "").startswith("ru") else "name_en"


def plan_name_of() -> Subquery:
    """Return the name of a network's plan as a part of the network's own query."""
    return Subquery(Plan.objects.filter(code=OuterRef("plan_code")).values(plan_name_field())[:1])
