"""Who may do what. Every view names one of these; nothing is readable that is not public."""

from typing import ClassVar

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from saas.accounts.models import User
from saas.accounts.roles import MANAGING_ROLES, Role
from tenants.api.authentication import token_of, user_of
from tenants.api.models import ApiScope
from tenants.booking.models import Appointment


def runs_the_day(user: User | None) -> bool:
    """Return whether this user sees and changes the appointments of the whole network."""
    return user is not None and user.role in {Role.RECEPTION, *MANAGING_ROLES}


def token_may(request: Request, scope: ApiScope) -> bool:
    """Return whether the request carries a token with this scope."""
    token = token_of(request)
    return token is not None and scope in token.scopes


class PublicCatalogue(BasePermission):
    """Reading what the clinic's site shows to everybody. A token must have the scope: it says what it is for."""

    open_methods: ClassVar = ("GET",)

    def has_permission(self, request: Request, view: APIView) -> bool:
        if request.method not in SAFE_METHODS:
            return False
        return token_of(request) is None or token_may(request, ApiScope.CATALOGUE_READ)


class MayBookOrSeeOwn(BasePermission):
    """Anybody may book; the list is for people signed in and for tokens with the scope."""

    open_methods: ClassVar = ("POST",)

    def has_permission(self, request: Request, view: APIView) -> bool:
        reads = request.method in SAFE_METHODS
        if token_of(request) is not None:
            return token_may(request, ApiScope.APPOINTMENTS_READ if reads else ApiScope.APPOINTMENTS_WRITE)
        return not reads or user_of(request) is not None


class MayBook(BasePermission):
    """Anybody may book; a token must have the scope."""

    open_methods: ClassVar = ("POST",)

    def has_permission(self, request: Request, view: APIView) -> bool:
        return token_of(request) is None or token_may(request, ApiScope.APPOINTMENTS_WRITE)


class MayTouchAppointment(BasePermission):
    """Somebody signed in, or a token with the scope; which appointments, `IsDoctorOwner` and the selector decide."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        if token_of(request) is not None:
            reads = request.method in SAFE_METHODS
            return token_may(request, ApiScope.APPOINTMENTS_READ if reads else ApiScope.APPOINTMENTS_WRITE)
        return user_of(request) is not None


class IsDoctorOwner(BasePermission):
    """A doctor touches only visits to that doctor (and the doctor's own as a patient); others this rule lets pass."""

    def has_object_permission(self, request: Request, view: APIView, obj: object) -> bool:
        user = user_of(request)
        if user is None or user.role != Role.DOCTOR or not isinstance(obj, Appointment):
            return True
        return user.pk in (obj.doctor.user_id, obj.patient.user_id)


class MayAnswerRequests(BasePermission):
    """Whoever runs the day, a doctor with the right to change visits for their own ones, a token with the scope."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        if token_of(request) is not None:
            reads = request.method in SAFE_METHODS
            return token_may(request, ApiScope.APPOINTMENTS_READ if reads else ApiScope.APPOINTMENTS_WRITE)
        user = user_of(request)
        if user is None or not user.works_here:
            return False
        return runs_the_day(user) or user.has_perm("booking.change_appointment")

    def has_object_permission(self, request: Request, view: APIView, obj: object) -> bool:
        user = user_of(request)
        if user is None or runs_the_day(user) or not isinstance(obj, Appointment):
            return True
        return obj.doctor.user_id == user.pk


class IsPatientOrReadOnly(BasePermission):
    """Anybody reads what is published; writing is for signed-in patients and tokens with the scope."""

    open_methods: ClassVar = ("GET",)

    def has_permission(self, request: Request, view: APIView) -> bool:
        if token_of(request) is not None:
            reads = request.method in SAFE_METHODS
            return token_may(request, ApiScope.CATALOGUE_READ if reads else ApiScope.REVIEWS_WRITE)
        if request.method in SAFE_METHODS:
            return True
        user = user_of(request)
        return user is not None and user.is_patient
