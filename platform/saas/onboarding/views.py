"""The screens of the sign-up. Each works without JavaScript; htmx makes the check and the progress live."""

from typing import Any, Final

from django.conf import settings
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone, translation
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from saas.accounts.models import User
from saas.accounts.roles import Role
from saas.core.errors import DomainError, TooMany
from saas.core.proxies import client_address
from saas.networks.actions import provisioning_stage
from saas.networks.errors import SubdomainRefused
from saas.networks.handover import issue_handover
from saas.networks.hosts import network_host, network_url
from saas.networks.limits import hit
from saas.networks.policies import leading_to_networks
from saas.onboarding import actions, links
from saas.onboarding.addresses import check_address, suggest
from saas.onboarding.codes import CODE_LIFE
from saas.onboarding.forms import AddressForm, CodeForm, NetworkForm, SignUpForm, first_guess
from saas.onboarding.models import SignUp
from saas.onboarding.progress import progress_of

_HOUR: Final = 3600
_BACKEND: Final = "allauth.account.auth_backends.AuthenticationBackend"
_REFUSED: Final = 422


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_up(request: HttpRequest) -> HttpResponse:
    """One page: the clinic, its address, the owner. An owner who is signed in is asked for the clinic only."""
    owner = _owner(request)
    form_class = NetworkForm if owner else SignUpForm
    if request.method != "POST":
        initial = first_guess(
            address=request.GET.get("address", "") or request.GET.get("slug", ""),
            plan=request.GET.get("plan", ""),
            language=translation.get_language() or settings.LANGUAGE_CODE,
            accept_language=request.headers.get("Accept-Language", ""),
        )
        return _sign_up_page(request, form_class(initial=initial), owner=owner)
    form = form_class(request.POST)
    if not form.is_valid():
        return _sign_up_page(request, form, owner=owner, status=_REFUSED)
    data = form.cleaned_data
    try:
        hit("sign-up-ip", client_address(request), limit=20, window_seconds=_HOUR, across_networks=True)
        email = owner.email if owner else data["email"]
        hit("sign-up-email", str(email), limit=5, window_seconds=_HOUR, across_networks=True)
    except TooMany as error:
        form.add_error(None, str(error))
        return _sign_up_page(
            request, form, owner=owner, status=error.status, wait=error.params["retry_after"]
        )
    now = timezone.now()
    if owner:
        begun = actions.begin_for_owner(
            wishes=form.wishes(), owner=owner, request_key=data["request_key"], now=now
        )
        links.remember(request, begun)
        return _open(begun)
    begun = actions.begin_sign_up(
        wishes=form.wishes(),
        email=data["email"],
        password=data["password"],
        request_key=data["request_key"],
        now=now,
    )
    links.remember(request, begun)
    return HttpResponseRedirect(links.code_path(begun))


@never_cache
@require_GET
def address_check(request: HttpRequest) -> HttpResponse:
    """The live answer under the address field: one element."""
    text = request.GET.get("address", "") or request.GET.get("slug", "")
    try:
        hit("address-check", client_address(request), limit=120, window_seconds=60, across_networks=True)
    except TooMany as error:
        context: dict[str, Any] = {"verdict": None, "message": str(error)}
        return render(request, "saas/onboarding/_address_hint.html", context)
    verdict = check_address(text, clinic_name=request.GET.get("clinic_name", ""))
    context = {"verdict": verdict, "host": network_host(verdict.slug)}
    return render(request, "saas/onboarding/_address_hint.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """The six digits. With the right ones the account and the network come to be."""
    try:
        begun = links.sign_up_from(token)
    except DomainError as error:
        return _dead_end(request, error)
    if begun.verified_at:
        return _open(begun)
    if request.method != "POST":
        return _code_page(request, begun, CodeForm())
    form = CodeForm(request.POST)
    if not form.is_valid():
        return _code_page(request, begun, form, status=_REFUSED)
    try:
        confirmed, new_user = actions.confirm_email(
            sign_up_id=begun.pk, code=form.cleaned_data["code"], now=timezone.now()
        )
    except DomainError as error:
        form.add_error("code", str(error))
        return _code_page(request, begun, form, status=error.status)
    if new_user is not None:
        login(request, new_user, backend=_BACKEND)
    links.remember(request, confirmed)
    return _open(confirmed)


@never_cache
@require_POST
def resend(request: HttpRequest, token: str) -> HttpResponse:
    """Another letter with another code."""
    try:
        begun = links.sign_up_from(token)
    except DomainError as error:
        return _dead_end(request, error)
    try:
        actions.request_another_code(sign_up_id=begun.pk, now=timezone.now())
    except TooMany as error:
        return _code_page(request, begun, CodeForm(), status=error.status, problem=str(error))
    return HttpResponseRedirect(f"{links.code_path(begun)}?sent=1")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def another_address(request: HttpRequest, token: str) -> HttpResponse:
    """The wanted address was taken while the owner read the mail: choose another, keep everything else."""
    try:
        begun = links.own_sign_up(request, token)
    except DomainError as error:
        return _dead_end(request, error)
    if begun.network_id or not begun.verified_at:
        return _open(begun)
    if request.method != "POST":
        form = AddressForm(initial={"address": begun.slug})
        form.suggestions = suggest(begun.slug, begun.clinic_name)
        return _address_page(request, begun, form)
    form = AddressForm(request.POST)
    if form.is_valid():
        try:
            actions.open_network(sign_up_id=begun.pk, slug=form.cleaned_data["address"])
        except SubdomainRefused as error:
            form.add_error("address", str(error))
            form.suggestions = suggest(begun.slug, begun.clinic_name)
        else:
            return HttpResponseRedirect(links.progress_path(begun))
    return _address_page(request, begun, form, status=_REFUSED)


@never_cache
@require_GET
@leading_to_networks
def progress(request: HttpRequest, token: str) -> HttpResponse:
    """What is being prepared. With htmx only the part that changes; without JavaScript the page reloads itself."""
    try:
        begun = links.sign_up_from(token)
        if begun.network is None:
            return _open(begun)
        state = progress_of(begun, stage=provisioning_stage(begun.network.pk), now=timezone.now())
    except DomainError as error:
        return _dead_end(request, error)
    context = {
        "progress": state,
        "sign_up": begun,
        "token": token,
        "may_enter": links.is_own(request, begun) and request.user == begun.user,
        "site_url": network_url(network_host(begun.slug)),
        "network_login_url": network_url(network_host(begun.slug), "/accounts/login/"),
    }
    partial = request.headers.get("HX-Request") == "true"
    return render(request, f"saas/onboarding/{'_progress' if partial else 'progress'}.html", context)


@never_cache
@require_POST
def retry(request: HttpRequest, token: str) -> HttpResponse:
    """Prepare the network once more, after a failure or a long wait."""
    try:
        begun = links.own_sign_up(request, token)
        hit("provisioning-retry", str(begun.pk), limit=10, window_seconds=_HOUR, across_networks=True)
        actions.retry_provisioning(sign_up_id=begun.pk)
    except DomainError as error:
        return _dead_end(request, error)
    return HttpResponseRedirect(links.progress_path(begun))


@never_cache
@require_POST
def enter(request: HttpRequest, token: str) -> HttpResponse:
    """Hand the owner over to the network's set-up by a link that works once."""
    try:
        begun = links.own_sign_up(request, token)
        if begun.network is None or begun.user is None or request.user != begun.user:
            return HttpResponseRedirect(reverse("account_login"))
        url = issue_handover(
            kind="owner",
            network_id=begun.network.pk,
            user_id=begun.user.pk,
            email=begun.user.email or "",
            next_path="/setup/",
        )
    except DomainError as error:
        return _dead_end(request, error)
    return HttpResponseRedirect(url)


def _open(begun: SignUp) -> HttpResponse:
    """Reserve the address if that is still to do, and lead to the page that is next."""
    if begun.verified_at is None:
        return HttpResponseRedirect(links.code_path(begun))
    try:
        actions.open_network(sign_up_id=begun.pk)
    except SubdomainRefused:
        return HttpResponseRedirect(links.address_path(begun))
    return HttpResponseRedirect(links.progress_path(begun))


def _sign_up_page(
    request: HttpRequest, form: NetworkForm, *, owner: User | None, status: int = 200, wait: int = 0
) -> HttpResponse:
    response = render(request, "saas/onboarding/sign_up.html", {"form": form, "owner": owner}, status=status)
    if wait:
        response.headers["Retry-After"] = str(wait)
    return response


def _code_page(
    request: HttpRequest, begun: SignUp, form: CodeForm, *, status: int = 200, problem: str = ""
) -> HttpResponse:
    context = {
        "form": form,
        "sign_up": begun,
        "minutes": int(CODE_LIFE.total_seconds() // 60),
        "resend_url": links.resend_path(begun),
        "was_resent": "sent" in request.GET,
        "problem": problem,
    }
    return render(request, "saas/onboarding/code.html", context, status=status)


def _address_page(
    request: HttpRequest, begun: SignUp, form: AddressForm, *, status: int = 200
) -> HttpResponse:
    return render(request, "saas/onboarding/address.html", {"form": form, "sign_up": begun}, status=status)


def _dead_end(request: HttpRequest, error: DomainError) -> HttpResponse:
    return render(request, "saas/onboarding/dead_end.html", {"error": error}, status=error.status)


def _owner(request: HttpRequest) -> User | None:
    user = request.user
    return user if isinstance(user, User) and user.role == Role.OWNER else None
