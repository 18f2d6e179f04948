from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode

BACK_OFFICE = "/cms/"
_ENTER = "wagtailadmin.access_admin"


def to_login(request: HttpRequest) -> HttpResponse:
    """Stand where a library has a log-in form of its own: there is one door, with limits and second factor.

    Whoever is signed in and sent here may not see what they asked for; the door would send them back, round and round.
    """
    if request.user.is_authenticated:
        raise PermissionDenied
    target = _target(request)
    return HttpResponseRedirect(
        reverse("account_login") + (f"?{urlencode({'next': target})}" if target else "")
    )


def to_back_office(request: HttpRequest) -> HttpResponse:
    """The same for the back office, whose log-in page people keep as a bookmark."""
    if request.user.has_perm(_ENTER):
        return HttpResponseRedirect(_target(request) or BACK_OFFICE)
    return to_login(request)


def _target(request: HttpRequest) -> str:
    """Where to go on to, on this host only."""
    target = request.GET.get("next", "")
    return target if url_has_allowed_host_and_scheme(target, allowed_hosts=None) else ""
