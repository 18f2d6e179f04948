"""Wagtail's admin pages on which managers make and revoke API tokens."""

from datetime import timedelta
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.generic import FormView, TemplateView, View
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin

from saas.core.errors import DomainError
from tenants.api.models import ApiScope, ApiToken
from tenants.api.tokens import create_token, revoke_token
from tenants.audit.actions import actor_of


class Lifetime(forms.Form):
    """What a manager says about a new token."""

    DAYS: ClassVar[list[tuple[str, Any]]] = [
        ("30", _("30 days")),
        ("90", _("90 days")),
        ("365", _("a year")),
        ("", _("until revoked")),
    ]
    name = forms.CharField(
        label=_("Name"), max_length=100, help_text=_("Which program uses it, such as “our website”.")
    )
    scopes = forms.MultipleChoiceField(
        label=_("Allowed to"),
        choices=ApiScope.choices,
        widget=forms.CheckboxSelectMultiple,
        initial=[ApiScope.CATALOGUE_READ],
    )
    days = forms.ChoiceField(label=_("Valid for"), choices=DAYS, required=False, initial="365")


class ManagersOnly(WagtailAdminTemplateMixin):
    """Owners and managers; anybody else of the staff is refused."""

    header_icon = "key"
    page_title = _("API tokens")
    request: HttpRequest

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        user = request.user
        if not user.is_authenticated or not user.manages:
            raise PermissionDenied
        answer: HttpResponseBase = super().dispatch(request, *args, **kwargs)
        answer.headers["Cache-Control"] = "private, no-store"  # a page may show a secret
        return answer

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return [
            *super().get_breadcrumbs_items(),
            {"url": reverse("api_tokens:index"), "label": _("API tokens")},
        ]


class TokenList(ManagersOnly, TemplateView):
    """Every token, live and dead, with what it may do and when it was last used."""

    template_name = "tenants/api/admin/tokens.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        now = timezone.now()
        labels = dict(ApiScope.choices)
        rows = [
            {
                "token": token,
                "scopes": [labels.get(scope, scope) for scope in token.scopes],
                "is_live": token.revoked_at is None and (token.expires_at is None or token.expires_at > now),
            }
            for token in ApiToken.objects.all()
        ]
        context: dict[str, Any] = super().get_context_data(**kwargs, rows=rows)
        return context


class TokenCreate(ManagersOnly, FormView[Lifetime]):
    """The form; after it, the secret, on this one answer only."""

    template_name = "tenants/api/admin/new_token.html"
    form_class = Lifetime
    page_title = _("New API token")

    def form_valid(self, form: Lifetime) -> HttpResponse:
        now = timezone.now()
        days = form.cleaned_data["days"]
        try:
            token, secret = create_token(
                name=form.cleaned_data["name"],
                scopes=form.cleaned_data["scopes"],
                actor=actor_of(self.request),
                now=now,
                expires_at=now + timedelta(days=int(days)) if days else None,
            )
        except DomainError as error:
            form.add_error(None, str(error))
            return self.form_invalid(form)
        return self.render_to_response(self.get_context_data(token=token, secret=secret))


class TokenRevoke(ManagersOnly, View):
    """Makes a token useless at once."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        try:
            token = revoke_token(token_id=pk, actor=actor_of(request), now=timezone.now())
        except DomainError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, _("Token “%(name)s” no longer works.") % {"name": token.name})
        return redirect("api_tokens:index")
