"""Who may look at and change what in the calendar: reception and managers everything, a doctor their own column."""

from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from saas.accounts.models import User
from saas.accounts.roles import Role
from tenants.booking.errors import AppointmentNotFound
from tenants.booking.models import Appointment, Resource
from tenants.doctors.models import Doctor

CHANGE: str = "booking.change_appointment"


def staff_of(request: HttpRequest) -> User:
    """Return who asks, behind `for_staff`. Raises PermissionDenied for anybody else."""
    user = request.user
    if not isinstance(user, User):
        raise PermissionDenied
    return user


def may_change(user: User, *, is_own: bool) -> bool:
    """Say whether this user may change what is in a column; a doctor only in their own."""
    return (is_own or user.role != Role.DOCTOR) and user.has_perm(CHANGE)


def require_change(user: User, *, doctor_id: int | None = None) -> None:
    """Raise PermissionDenied unless the user may change visits, and this doctor's."""
    if not user.has_perm(CHANGE):
        raise PermissionDenied
    if user.role == Role.DOCTOR and doctor_id is not None:
        own = Doctor.objects.filter(user=user).values_list("pk", flat=True).first()
        if own != doctor_id:
            raise PermissionDenied


def require_room_change(user: User) -> None:
    """Raise PermissionDenied unless the user may change rooms, which belong to no doctor."""
    if user.role == Role.DOCTOR or not user.has_perm(CHANGE):
        raise PermissionDenied


def require_resource_change(user: User, resource: Resource) -> None:
    """Raise PermissionDenied unless the user may change what is in this column."""
    if resource.doctor_id is None:
        require_room_change(user)
    else:
        require_change(user, doctor_id=resource.doctor_id)


def visit_for(user: User, public_id: UUID) -> Appointment:
    """Return a visit that this user may see, with its names. Raises AppointmentNotFound, for a stranger's as well."""
    visits = Appointment.objects.select_related("patient", "doctor__user", "service", "clinic")
    if user.role == Role.DOCTOR:
        visits = visits.filter(doctor__user=user)
    visit = visits.filter(public_id=public_id).first()
    if visit is None:
        raise AppointmentNotFound
    return visit
