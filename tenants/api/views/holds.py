"""Keeping a time while a form is filled in elsewhere."""

from typing import Any
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from tenants.api import presenters, serializers
from tenants.api.bodies import accepted_body
from tenants.api.openapi import IDEMPOTENCY_KEY
from tenants.api.params import Params
from tenants.api.permissions import MayBook
from tenants.api.repeating import answer_once
from tenants.api.reserving import hold_of, key_of, new_holder
from tenants.api.throttles import BOOK
from tenants.api.views.base import ApiView
from tenants.booking.actions.holding import extend_hold, hold_slot, release_hold

_CONFLICT = OpenApiResponse(
    serializers.ConflictError, description="Somebody was faster; see `params.alternatives`."
)
_REFUSED = OpenApiResponse(serializers.Error, description="A rule of the clinic forbids it.")
_GONE = OpenApiResponse(serializers.Error, description="The hold expired, was used or was given back.")


class HoldList(ApiView):
    permission_classes = (MayBook,)
    write_limit = BOOK

    @extend_schema(
        operation_id="holds_create",
        tags=["Booking"],
        parameters=[IDEMPOTENCY_KEY],
        request=serializers.HoldIn,
        responses={201: serializers.Hold, 409: _CONFLICT, 422: _REFUSED},
    )
    def post(self, request: Request) -> Response:
        """Keep a time for seven and a half minutes. Somebody signed in keeps one at a time: another replaces it."""
        accepted = accepted_body(request, serializers.HoldIn)
        holder = new_holder(request)

        def work() -> tuple[int, dict[str, Any]]:
            hold = hold_slot(
                doctor_id=accepted["doctor"],
                service_id=accepted["service"],
                clinic_id=accepted["clinic"],
                starts_at=accepted["starts_at"],
                holder=holder.key,
                origin=holder.origin,
                most_of_origin=holder.most,
                now=timezone.now(),
            )
            return 201, presenters.hold(hold)

        return answer_once(request, operation="hold", accepted=accepted, work=work)


class ExtendHold(ApiView):
    permission_classes = (MayBook,)

    @extend_schema(
        operation_id="holds_extend",
        tags=["Booking"],
        request=None,
        responses={200: serializers.Hold, 409: serializers.Error, 410: _GONE},
    )
    def post(self, request: Request, public_id: UUID) -> Response:
        """Keep the time for as long again, once."""
        Params(request, known=()).done()
        hold = hold_of(request, public_id)
        return Response(presenters.hold(extend_hold(public_id=public_id, holder=key_of(hold))))


class ReleaseHold(ApiView):
    permission_classes = (MayBook,)

    @extend_schema(operation_id="holds_release", tags=["Booking"], request=None, responses={204: None})
    def post(self, request: Request, public_id: UUID) -> Response:
        """Give the time back. Safe to repeat."""
        Params(request, known=()).done()
        hold = hold_of(request, public_id)
        release_hold(public_id=public_id, holder=key_of(hold))
        return Response(status=204)
