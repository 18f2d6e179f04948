from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode


def to_login(request: HttpRequest) -> HttpResponse:
    """Stand where a library has a log-in form of its own: there is one door, with limits and second factor."""
    target = request.GET.get("next", "")
    query = (
        f"?{urlencode({'next': target})}"
        if url_has_allowed_host_and_scheme(target, allowed_hosts=None)
        else ""
    )
    return HttpResponseRedirect(f"{reverse('account_login')}{query}")
