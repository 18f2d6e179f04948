"""Moderation of reviews."""

from __future__ import annotations

from typing import Any, Final

from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from wagtail.admin import messages
from wagtail.admin.ui.tables import BooleanColumn

from saas.core.errors import DomainError
from tenants.audit.actions import actor_of
from tenants.cms.admin.base import Facts, ReadOnlyViewSet, TextColumn, may
from tenants.reviews.models import Review
from tenants.reviews.moderation import publish_review, unpublish_review

CHANGE_REVIEWS: Final = "reviews.change_review"


class ReviewPage(Facts):
    """One review, with the button that shows or hides it."""

    template_name = "tenants/cms/review.html"

    def get_page_subtitle(self) -> str:
        return f"{self.object.doctor}, {self.object.rating}/5"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        context["moderate_url"] = reverse("reviews:moderate", args=[self.object.pk])
        context["can_moderate"] = may(self.request, CHANGE_REVIEWS)
        return context


@require_POST
@permission_required(CHANGE_REVIEWS, raise_exception=True)
def moderate(request: HttpRequest, pk: int) -> HttpResponse:
    """Show or hide one review; the doctor's rating follows."""
    step = {"publish": publish_review, "unpublish": unpublish_review}.get(request.POST.get("step", ""))
    if step is None:
        raise PermissionDenied
    try:
        review = step(review_id=pk, actor=actor_of(request))
    except DomainError as error:
        messages.error(request, str(error.message))
        return redirect("reviews:index")
    messages.success(
        request, _("The review is shown.") if review.is_published else _("The review is hidden.")
    )
    return redirect("reviews:inspect", pk)


class ReviewViewSet(ReadOnlyViewSet):
    model = Review
    icon = "openquote"
    menu_order = 130
    add_to_admin_menu = True
    inspect_view_class = ReviewPage
    inspect_template_name = ReviewPage.template_name
    select_related = ("doctor__user", "patient")
    list_display = (
        TextColumn("comment", _("Review"), lambda review: _shortened(review.comment)),
        "rating",
        TextColumn("doctor", _("Doctor"), "doctor", "doctor__user__last_name"),
        TextColumn("patient", _("Patient"), "patient", "patient__last_name"),
        BooleanColumn("is_verified", label=_("After a visit"), sort_key="is_verified"),
        BooleanColumn("is_published", label=_("Published"), sort_key="is_published"),
        "created_at",
    )
    list_filter = ("is_published", "is_verified", "rating", "doctor")
    list_export = ("created_at", "doctor", "rating", "comment", "is_verified", "is_published")
    search_fields = ("comment", "doctor__user__last_name", "patient__last_name")
    ordering = ("is_published", "-created_at", "-id")
    inspect_view_fields = (
        "doctor",
        "patient",
        "rating",
        "comment",
        "is_verified",
        "is_published",
        "created_at",
        "moderated_at",
    )

    def get_urlpatterns(self) -> list[Any]:
        return [*super().get_urlpatterns(), path("moderate/<int:pk>/", moderate, name="moderate")]


def _shortened(text: str) -> str:
    return text if len(text) <= 120 else f"{text[:117]}…"  # noqa: PLR2004 - the width of a listing
