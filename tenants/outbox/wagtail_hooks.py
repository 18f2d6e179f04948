"""Messages of the network in its back office: what went out, what did not and why, and sending it again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST
from wagtail import hooks
from wagtail.admin import messages
from wagtail.admin.views import generic
from wagtail.admin.viewsets.model import ModelViewSet

from saas.core.errors import DomainError
from tenants.audit.actions import Actor, actor_of
from tenants.outbox.actions import cancel_delivery, retry_dead, retry_delivery
from tenants.outbox.models import DeliveryState, OutboxDelivery

CHANGE: Final = "outbox.change_outboxdelivery"

_RETRYABLE: Final = frozenset({DeliveryState.DEAD, DeliveryState.HELD, DeliveryState.CANCELLED})
_CANCELLABLE: Final = frozenset(
    {DeliveryState.PENDING, DeliveryState.UNKNOWN, DeliveryState.DEAD, DeliveryState.HELD}
)


class DeliveryListing(generic.IndexView):
    """Newest first; the event's topic comes along in the same query."""

    def get_base_queryset(self) -> QuerySet[OutboxDelivery]:
        rows: QuerySet[OutboxDelivery] = super().get_base_queryset()
        return rows.select_related("event")


class DeliveryPage(generic.InspectView):
    """One message, and what can be done about it."""

    template_name = "tenants/outbox/delivery.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        may_act = self.request.user.has_perm(CHANGE)
        context["act_url"] = reverse("messages:act", args=[self.object.pk])
        context["can_retry"] = may_act and self.object.state in _RETRYABLE
        context["can_cancel"] = may_act and self.object.state in _CANCELLABLE
        return context


def _retry(delivery_id: UUID, actor: Actor) -> None:
    retry_delivery(delivery_id=delivery_id, actor=actor)


def _cancel(delivery_id: UUID, actor: Actor) -> None:
    cancel_delivery(delivery_id=delivery_id, actor=actor)


_STEPS: Final[dict[str, Callable[[UUID, Actor], None]]] = {"retry": _retry, "cancel": _cancel}


@require_POST
@permission_required(CHANGE, raise_exception=True)
def act(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Send one message again or give it up; a refusal is told in words."""
    step = _STEPS.get(request.POST.get("step", ""))
    if step is None:
        raise PermissionDenied
    try:
        step(pk, actor_of(request))
    except DomainError as error:
        messages.error(request, str(error.message))
        return redirect("messages:index")
    messages.success(request, _("Done."))
    return redirect("messages:inspect", pk)


@require_POST
@permission_required(CHANGE, raise_exception=True)
def retry_all(request: HttpRequest) -> HttpResponse:
    """Send all messages that were given up once more."""
    count = retry_dead(actor=actor_of(request))
    text = ngettext("%(count)s message will be sent again.", "%(count)s messages will be sent again.", count)
    messages.success(request, text % {"count": count})
    return redirect("messages:index")


class DeliveryViewSet(ModelViewSet):
    """A listing and a page of facts; nothing is edited by hand."""

    model = OutboxDelivery
    icon = "mail"
    menu_label = _("Messages sent")
    menu_order = 890
    add_to_settings_menu = True
    index_view_class = DeliveryListing
    index_template_name = "tenants/outbox/deliveries.html"
    inspect_view_class = DeliveryPage
    inspect_template_name = DeliveryPage.template_name
    inspect_view_enabled = True
    copy_view_enabled = False
    list_display = ("consumer", "event", "state", "attempts", "last_code", "possible_duplicate", "created_at")
    list_filter = ("state", "consumer", "possible_duplicate", "created_at")
    list_per_page = 50
    search_backend_name = None
    search_fields = ("consumer", "last_code", "event__topic")
    ordering = ("-created_at",)
    inspect_view_fields = (
        "consumer",
        "event",
        "state",
        "attempts",
        "next_attempt_at",
        "last_code",
        "last_error",
        "possible_duplicate",
        "created_at",
        "sent_at",
    )

    def get_urlpatterns(self) -> list[Any]:
        shown = {"index", "index_results", "inspect"}
        return [
            *(pattern for pattern in super().get_urlpatterns() if pattern.name in shown),
            path("act/<uuid:pk>/", act, name="act"),
            path("retry-all/", retry_all, name="retry_all"),
        ]

    def get_common_view_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        view_kwargs = dict(super().get_common_view_kwargs(**kwargs))
        for name in ("add", "edit", "delete", "copy", "history", "usage"):
            view_kwargs.pop(f"{name}_url_name", None)
        return view_kwargs

    def get_form_fields(self) -> tuple[str, ...]:
        return ()

    def register_admin_url_finder(self) -> None:
        """There is no page to edit."""


@hooks.register("register_admin_viewset")
def register_messages() -> DeliveryViewSet:
    return DeliveryViewSet("messages")
