"""Getting on the waiting list and off it."""

from typing import Any
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from saas.networks.context import current_network
from saas.networks.hosts import network_url
from tenants.api import presenters, serializers
from tenants.api.authentication import api_actor
from tenants.api.bodies import accepted_body, language_of, patient_of
from tenants.api.openapi import IDEMPOTENCY_KEY
from tenants.api.params import Params
from tenants.api.permissions import MayBook
from tenants.api.repeating import answer_once
from tenants.api.throttles import BOOK
from tenants.api.views.base import ApiView
from tenants.booking.actions.waitlist import join_waitlist, leave_waitlist
from tenants.booking.links import entry_path

_REFUSED = OpenApiResponse(serializers.Error, description="There are no such days, or no such service.")


class WaitlistView(ApiView):
    permission_classes = (MayBook,)
    write_limit = BOOK

    @extend_schema(
        operation_id="waitlist_create",
        tags=["Booking"],
        parameters=[IDEMPOTENCY_KEY],
        request=serializers.WaitlistIn,
        responses={201: serializers.WaitlistEntry, 422: _REFUSED},
    )
    def post(self, request: Request) -> Response:
        """Wait for a time. When one becomes free it is kept for the first in rank, who gets a letter with a link."""
        accepted = accepted_body(request, serializers.WaitlistIn)
        language = language_of(accepted)

        def work() -> tuple[int, dict[str, Any]]:
            patient = patient_of(request, accepted)
            entry = join_waitlist(
                patient_id=patient.pk,
                service_id=accepted["service"],
                doctor_id=accepted["doctor"],
                clinic_id=accepted["clinic"],
                earliest=accepted["earliest"],
                latest=accepted["latest"],
                weekdays=accepted["weekdays"],
                from_time=accepted["from_time"],
                until_time=accepted["until_time"],
                language=language,
                actor=api_actor(request),
                now=timezone.now(),
            )
            url = network_url(current_network().primary_host, entry_path(entry))
            return 201, presenters.waitlist_entry(entry, manage_url=url)

        return answer_once(request, operation="wait", accepted=accepted, work=work)


class LeaveWaitlist(ApiView):
    permission_classes = (MayBook,)

    @extend_schema(
        operation_id="waitlist_leave",
        tags=["Booking"],
        request=None,
        responses={204: None, 409: serializers.Error},
    )
    def post(self, request: Request, public_id: UUID) -> Response:
        """Leave the list; the id is what whoever joined was given. Safe to repeat."""
        Params(request, known=()).done()
        leave_waitlist(public_id=public_id, actor=api_actor(request), now=timezone.now())
        return Response(status=204)
