"""Who may do what with group sessions: reception and managers everything, a doctor with the right their own."""

from django.core.exceptions import PermissionDenied

from saas.accounts.models import User
from saas.accounts.roles import Role
from tenants.booking.models import GroupSession
from tenants.desk.calendar.access import CHANGE, may_change


def may_open(user: User) -> bool:
    """Say whether the user may open, cancel and change whole sessions."""
    return user.role != Role.DOCTOR and user.has_perm(CHANGE)


def may_change_session(user: User, session: GroupSession) -> bool:
    """Say whether the user may change who takes part."""
    return may_change(user, is_own=session.doctor.user_id == user.pk)


def require_open(user: User) -> None:
    """Raise PermissionDenied unless the user may open, cancel and change whole sessions."""
    if not may_open(user):
        raise PermissionDenied


def require_session_change(user: User, session: GroupSession) -> None:
    """Raise PermissionDenied unless the user may change who takes part."""
    if not may_change_session(user, session):
        raise PermissionDenied
