"""The API against its own description: whatever a program sends, the answer is one that the description promises."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import pytest
import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pytest_django import Settings
from schemathesis import Case, GenerationMode
from schemathesis.checks import CheckFunction, not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from saas.networks.context import NetworkRef
from tests.factories import make_bookable
from tests.tenants.api.asking import Caller, at, token_for, wish

pytestmark = [pytest.mark.django_db, pytest.mark.integration, pytest.mark.slow]

EXAMPLES: Final = int(os.environ.get("FUZZ_EXAMPLES", "10"))
"""For each operation; the same ones in every run. Set it higher to look further."""
CHECKS: Final[list[CheckFunction]] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
SCHEMA = schemathesis.openapi.from_path(Path(__file__).parents[3] / "docs" / "openapi.yaml")
OPERATIONS = [found.ok() for found in SCHEMA.get_all_operations() if isinstance(found, Ok)]


@dataclass(frozen=True)
class Known:
    """What is there to be found, so that not every example ends at "no such doctor"."""

    ids: dict[str, int]
    appointment: str
    body: dict[str, Any]


@pytest.fixture
def application() -> Iterator[WSGIHandler]:
    """The product as a server runs it, but for letting go of connections, which would end the test's transaction."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield get_wsgi_application()
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def known(network: NetworkRef, settings: Settings) -> Known:
    settings.API_LIMITS = dict.fromkeys(settings.API_LIMITS, (1_000_000, 60))
    bookable = make_bookable()
    status, booked = Caller(network).post("appointments/", wish(bookable))
    assert status == HTTPStatus.CREATED, booked
    ids = {name: getattr(bookable, name).pk for name in ("doctor", "service", "clinic")}
    return Known(ids=ids, appointment=booked["id"], body=wish(bookable, at(11)))


def test_no_operation_is_left_out() -> None:
    paths = SCHEMA.raw_schema["paths"].values()
    assert len(OPERATIONS) == sum(len(methods) for methods in paths) > 0


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.label)
def test_every_answer_is_one_that_the_description_promises(
    network: NetworkRef, known: Known, application: WSGIHandler, operation: Any
) -> None:
    token = token_for(network)

    @hypothesis_settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=_cases(operation), is_real=st.booleans(), has_token=st.booleans())
    def ask(case: Case[Any], *, is_real: bool, has_token: bool) -> None:
        if is_real:
            _make_real(case, known)
        headers = {"Authorization": f"Bearer {token}"} if has_token else {}
        response = case.call(base_url=f"http://{network.primary_host}", app=application, headers=headers)
        case.validate_response(response, checks=CHECKS)

    ask()


def _cases(operation: Any) -> st.SearchStrategy[Case[Any]]:
    """What fits the description, and what does not."""
    kinds = [operation.as_strategy(generation_mode=mode) for mode in GenerationMode]
    return st.one_of(kinds)


def _make_real(case: Case[Any], known: Known) -> None:
    """Put ids of what exists in place of invented ones."""
    resource = case.path.removeprefix("/api/v1/").split("/")[0].removesuffix("s")
    if "id" in case.path_parameters and resource in known.ids:
        case.path_parameters["id"] = known.ids[resource]
    if "public_id" in case.path_parameters:
        case.path_parameters["public_id"] = known.appointment
    if resource == "available-slot":
        case.query = {"doctor": known.ids["doctor"], "date": known.body["starts_at"][:10]}
    for name in set(case.query) & set(known.ids):
        case.query[name] = known.ids[name]
    if isinstance(case.body, dict):
        case.body.update({name: known.body[name] for name in set(case.body) & set(known.body)})
