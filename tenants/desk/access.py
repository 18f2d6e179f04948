"""Who may see the desk's pages."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from saas.accounts.models import User
from saas.accounts.roles import Role

_P = ParamSpec("_P")
_View = Callable[Concatenate[HttpRequest, _P], HttpResponseBase]


def for_staff(view: _View[_P]) -> _View[_P]:
    """Let in who works for the network; others are asked to log in, patients are refused."""
    return _guarded(view, lambda user: user.works_here)


def for_reception(view: _View[_P]) -> _View[_P]:
    """Let in who runs the day for all doctors: reception, managers, owners."""
    return _guarded(view, lambda user: user.works_here and user.role != Role.DOCTOR)


def for_managers(view: _View[_P]) -> _View[_P]:
    """Let in owners and managers only."""
    return _guarded(view, lambda user: user.manages)


def staff_of(request: HttpRequest) -> User:
    """Return who asks, behind one of the guards above. Raises PermissionDenied for anybody else."""
    user = request.user
    if not isinstance(user, User):
        raise PermissionDenied
    return user


def _guarded(view: _View[_P], allows: Callable[[User], bool]) -> _View[_P]:
    @wraps(view)
    def guarded(request: HttpRequest, /, *args: _P.args, **kwargs: _P.kwargs) -> HttpResponseBase:
        user = request.user
        if not isinstance(user, User):
            return redirect_to_login(request.get_full_path())
        if not allows(user):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return guarded
