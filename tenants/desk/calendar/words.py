"""Words of the calendar that both pages and answers for the browser use."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tenants.desk.calendar.sheet import State

STATES: Final[Mapping[State, str | Promise]] = MappingProxyType(
    {
        State.APPROVAL: _("to be approved"),
        State.SCHEDULED: _("not confirmed"),
        State.CONFIRMED: pgettext_lazy("visit", "confirmed"),
        State.ARRIVED: _("in the waiting room"),
        State.IN_ROOM: _("with the doctor"),
        State.COMPLETED: pgettext_lazy("visit", "done"),
        State.NO_SHOW: _("did not come"),
        State.CANCELLED: pgettext_lazy("visit", "cancelled"),
    }
)

BADGES: Final[Mapping[State, str]] = MappingProxyType(
    {
        State.APPROVAL: "badge-warm",
        State.SCHEDULED: "badge-warn",
        State.CONFIRMED: "badge-info",
        State.ARRIVED: "badge-ok",
        State.IN_ROOM: "badge-ok",
        State.COMPLETED: "",
        State.NO_SHOW: "badge-bad",
        State.CANCELLED: "badge-bad",
    }
)
