"""Going from the public site into a network."""

from typing import cast
from urllib.parse import urlsplit

from allauth.account.utils import perform_login
from django.contrib.auth import login
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from saas.accounts.models import User
from saas.accounts.roles import Role
from saas.core.errors import DomainError
from saas.networks.context import current_network
from saas.networks.errors import BadLink, NetworkNotFound
from saas.networks.handover import check_handover, issue_handover, redeem_handover
from saas.networks.hosts import network_url, platform_url
from saas.networks.lifecycle import serves
from saas.networks.models import HandoverGrant
from saas.networks.policies import leading_to_networks
from saas.networks.selectors import networks_of_owner
from saas.networks.signals import handover_used
from saas.networks.visits import begin_visit

_BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@never_cache
@require_http_methods(["GET", "POST"])
def handover(request: HttpRequest, token: str) -> HttpResponse:
    """On the network's host: GET asks for one press (scripts press it at once), POST signs in.

    GET changes nothing, so a preview of the address does not use it up.
    """
    try:
        if request.method != "POST":
            check_handover(token)
            return _page(request, "saas/networks/handover.html", {"token": token})
        grant = redeem_handover(token)
        user = _user_for(grant)
    except DomainError as error:
        context = {"error": error, "platform_url": platform_url("/networks/")}
        return _page(request, "saas/networks/handover_refused.html", context, status=error.status)
    if grant.kind == HandoverGrant.Kind.OPERATOR:
        request.session.flush()
        login(request, user, backend=_BACKEND)
        begin_visit(request, operator_id=grant.issued_to_id)
        response: HttpResponse = HttpResponseRedirect(grant.next_path)
    else:
        response = perform_login(request, user, redirect_url=grant.next_path)
    handover_used.send(
        sender=HandoverGrant,
        network=current_network(),
        user_id=user.pk,
        operator_id=grant.issued_to_id if grant.kind == HandoverGrant.Kind.OPERATOR else None,
        reason=grant.reason,
    )
    return response


@login_required
@require_GET
@leading_to_networks
def my_networks(request: HttpRequest) -> HttpResponse:
    """On the public site: the networks of the person who is signed in."""
    return _my_networks(request)


@login_required
@require_POST
@leading_to_networks
def open_network(request: HttpRequest, network_id: int) -> HttpResponse:
    """Hand the owner over to a network of theirs. Somebody else's is not found."""
    user = cast("User", request.user)
    try:
        if not any(network.id == network_id for network in networks_of_owner(user)):
            raise NetworkNotFound
        address = issue_handover(
            kind=HandoverGrant.Kind.OWNER,
            network_id=network_id,
            user_id=user.pk,
            email=str(user.email),
            next_path=request.POST.get("next", "/desk/"),
        )
    except DomainError as error:
        return _my_networks(request, error=error, status=error.status)
    return HttpResponseRedirect(address)


def _my_networks(
    request: HttpRequest, *, error: DomainError | None = None, status: int = 200
) -> HttpResponse:
    rows = [
        {
            "network": network,
            "host": urlsplit(network_url(network.host)).netloc,
            "url": network_url(network.host),
            "serves": serves(network.state),
        }
        for network in networks_of_owner(cast("User", request.user))
    ]
    return _page(request, "saas/networks/my_networks.html", {"rows": rows, "error": error}, status=status)


def _user_for(grant: HandoverGrant) -> User:
    """Return whom the grant signs in. Raises BadLink when the network has no such person any more."""
    staff = User.objects.filter(is_active=True)
    if grant.kind == HandoverGrant.Kind.OPERATOR:
        user = staff.filter(role=Role.OWNER).order_by("id").first()
    else:
        user = staff.filter(email=grant.email).first()
    if user is None or not user.works_here:
        raise BadLink
    return user


def _page(
    request: HttpRequest, template: str, context: dict[str, object], *, status: int = 200
) -> HttpResponse:
    response = render(request, template, context, status=status)
    # The address carries a token; "no-referrer" would also hide the Origin that the form's own POST must show.
    response.headers["Referrer-Policy"] = "same-origin"
    return response
