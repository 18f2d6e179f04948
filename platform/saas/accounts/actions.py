"""What can be done to users. Each works in the entered schema."""

from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Group
from django.db import transaction

from saas.accounts.models import User
from saas.accounts.roles import STAFF_ROLES, Role


@transaction.atomic
def set_role(*, user: User, role: Role) -> User:
    """Give a user one role and the permission group of the same name (groups exist in networks only)."""
    user.role = role
    user.is_patient = role == Role.PATIENT
    user.save(update_fields=["role", "is_patient", "updated_at"])
    user.groups.set(Group.objects.filter(name=role.value))
    return user


@transaction.atomic
def create_person(
    *,
    email: str | None,
    role: Role,
    password: str | None = None,
    first_name: str = "",
    last_name: str = "",
    middle_name: str = "",
    language: str = "",
) -> User:
    """Create a user with a role. Without a password they cannot sign in until they set one by reset or hand-over."""
    user = User.objects.create_user(
        email,
        password,
        first_name=first_name,
        last_name=last_name,
        middle_name=middle_name,
        language=language,
        is_patient=role == Role.PATIENT,
        role=role,
    )
    if role in STAFF_ROLES:
        user.groups.set(Group.objects.filter(name=role.value))
    return user


@transaction.atomic
def reset_second_factor(*, user: User) -> int:
    """Remove a person's second factors and recovery codes, after a lost phone; return how many were removed.

    Their password is made unusable as well, so that they come back by a reset over their e-mail: whoever talked
    somebody into this reset has nothing to sign in with. All their sessions end with it.
    """
    removed: int
    removed, _by_model = Authenticator.objects.filter(user=user).delete()
    user.set_unusable_password()
    user.save(update_fields=["password", "updated_at"])
    return removed
