"""Everything that booking stores, by subject; import from here."""

from tenants.booking.models.appointments import (
    Appointment,
    AppointmentSource,
    AppointmentStatus,
    Claim,
    ClaimKind,
    PaymentMethod,
    PaymentStatus,
)
from tenants.booking.models.availability import FreeGap, SearchMiss, WorkWindow
from tenants.booking.models.journal import AppointmentEvent, IdempotencyKey
from tenants.booking.models.offers import (
    CalendarFeed,
    OfferState,
    RebookingBatch,
    RebookingProposal,
    WaitlistEntry,
    WaitlistOffer,
    WaitlistState,
)
from tenants.booking.models.reservations import (
    AppointmentSeries,
    GroupSession,
    Hold,
    HoldPurpose,
    SeriesKind,
)
from tenants.booking.models.resources import Resource, ResourceKind, ResourcePool, ServiceRequirement
from tenants.booking.models.rules import (
    BookingCap,
    BookingPolicy,
    CapPeriod,
    ExceptionKind,
    ExceptionRepeat,
    ExceptionScope,
    PolicyOverride,
    ReleaseWave,
    ScheduleException,
)

__all__ = [
    "Appointment",
    "AppointmentEvent",
    "AppointmentSeries",
    "AppointmentSource",
    "AppointmentStatus",
    "BookingCap",
    "BookingPolicy",
    "CalendarFeed",
    "CapPeriod",
    "Claim",
    "ClaimKind",
    "ExceptionKind",
    "ExceptionRepeat",
    "ExceptionScope",
    "FreeGap",
    "GroupSession",
    "Hold",
    "HoldPurpose",
    "IdempotencyKey",
    "OfferState",
    "PaymentMethod",
    "PaymentStatus",
    "PolicyOverride",
    "RebookingBatch",
    "RebookingProposal",
    "ReleaseWave",
    "Resource",
    "ResourceKind",
    "ResourcePool",
    "ScheduleException",
    "SearchMiss",
    "SeriesKind",
    "ServiceRequirement",
    "WaitlistEntry",
    "WaitlistOffer",
    "WaitlistState",
    "WorkWindow",
]
