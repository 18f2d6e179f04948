"""Reads of the booking engine: free slots, the nearest ones, and why there are none."""

from tenants.booking.selectors.blockers import Blocker, explain_no_slots
from tenants.booking.selectors.heat import DayHeat, month_heat
from tenants.booking.selectors.search import first_free_by_doctor, first_free_slots, free_slots_of_many
from tenants.booking.selectors.slots_of_day import free_slots, nearest_slots
from tenants.booking.selectors.values import Slot
from tenants.booking.selectors.verdict import Verdict, explain

__all__ = [
    "Blocker",
    "DayHeat",
    "Slot",
    "Verdict",
    "explain",
    "explain_no_slots",
    "first_free_by_doctor",
    "first_free_slots",
    "free_slots",
    "free_slots_of_many",
    "month_heat",
    "nearest_slots",
]
