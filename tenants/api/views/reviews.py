"""What patients say about doctors."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from tenants.api import presenters, serializers
from tenants.api.authentication import api_actor, user_of
from tenants.api.bodies import accepted_body
from tenants.api.openapi import IDEMPOTENCY_KEY, PAGES, paged, query
from tenants.api.pagination import PAGE_PARAMS, page_choice, page_of
from tenants.api.params import Params
from tenants.api.permissions import IsPatientOrReadOnly
from tenants.api.repeating import answer_once
from tenants.api.selectors import published_reviews
from tenants.api.views.base import ApiView
from tenants.reviews.actions import write_review


class ReviewList(ApiView):
    permission_classes = (IsPatientOrReadOnly,)

    @extend_schema(
        operation_id="reviews_list",
        tags=["Reviews"],
        parameters=[
            query("doctor", int, "Only about this doctor."),
            query("rating", int, "Only with this rating, 1 to 5."),
            *PAGES,
        ],
        responses=paged(serializers.Review),
    )
    def get(self, request: Request) -> Response:
        """Published reviews, the newest first. Who wrote them is not told."""
        params = Params(request, known=("doctor", "rating", *PAGE_PARAMS))
        choice = page_choice(params)
        rows = published_reviews()
        if doctor := params.whole("doctor"):
            rows = rows.filter(doctor=doctor)
        if rating := params.whole("rating", maximum=5):
            rows = rows.filter(rating=rating)
        params.done()
        return Response(page_of(request, rows.order_by("-created_at", "-id"), choice, presenters.reviews))

    @extend_schema(
        operation_id="reviews_create",
        tags=["Reviews"],
        parameters=[IDEMPOTENCY_KEY],
        request=serializers.ReviewIn,
        responses={
            201: serializers.Review,
            404: serializers.Error,
            409: serializers.Error,
            422: serializers.Error,
        },
    )
    def post(self, request: Request) -> Response:
        """Write about a completed visit of one's own. The clinic reads it before it is shown."""
        accepted = accepted_body(request, serializers.ReviewIn)
        user = user_of(request)

        def work() -> tuple[int, dict[str, Any]]:
            review = write_review(
                appointment_id=accepted["appointment"],
                user_id=user.pk if user else None,
                rating=accepted["rating"],
                comment=accepted["comment"],
                actor=api_actor(request),
            )
            return 201, presenters.reviews([review])[0]

        return answer_once(request, operation="review", accepted=accepted, work=work)
