"""One error shape for everything that can go wrong before a rule is asked."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from django.db import OperationalError, connection
from django.test import RequestFactory
from django.utils import translation

from saas.core.views import server_error
from saas.networks.context import NetworkRef
from tenants.website.views.site import bad_request, forbidden, not_found
from tests.factories import make_bookable
from tests.tenants.api.asking import Caller, NetworkClient, token_for, wish

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "nowhere/", 404, "not_found"),
        ("POST", "nowhere/", 404, "not_found"),
        ("GET", "doctors/999999/", 404, "not_found"),
        ("GET", "doctors/99999999999999999999999/", 404, "not_found"),
        ("GET", "doctors", 404, "not_found"),
        ("DELETE", "clinics/", 405, "method_not_allowed"),
        ("PUT", "reviews/", 405, "method_not_allowed"),
        ("OPTIONS", "clinics/", 405, "method_not_allowed"),
        ("GET", "appointments/", 401, "not_authenticated"),
        ("GET", "appointments/not-a-uuid/", 404, "not_found"),
    ],
)
def test_refusals_before_any_rule_have_the_one_shape(
    network: NetworkRef, method: str, path: str, status: int, code: str
) -> None:
    answer = NetworkClient(network).generic(method, f"/api/v1/{path}")
    assert answer.status_code == status
    body = answer.json()
    assert set(body) == {"code", "message", "params", "fields"}
    assert body["code"] == code
    assert body["message"]


@pytest.mark.parametrize(
    ("body", "content_type", "status", "code"),
    [
        (b"{", "application/json", 400, "malformed"),
        (b"[" * 60000, "application/json", 400, "malformed"),
        (b'{"doctor": NaN}', "application/json", 400, "malformed"),
        (b"\xff\xfe", "application/json", 400, "malformed"),
        (b"doctor=1", "application/x-www-form-urlencoded", 415, "unsupported_media_type"),
        (b"{}", "", 415, "unsupported_media_type"),
        (b'"' + b"x" * 70000 + b'"', "application/json", 413, "body_too_large"),
        (b"[]", "application/json", 400, "invalid"),
        (b"null", "application/json", 400, "invalid"),
        (b"{}", "application/json", 400, "invalid"),
        (b'{"patient": 5}', "application/json", 400, "invalid"),
        (
            b'{"doctor": true, "notes": "\\u0000", "starts_at": "0001-01-01T00:00:00+14:00"}',
            "application/json",
            400,
            "invalid",
        ),
        (b'{"patient": {"last_name": "\\ud800"}}', "application/json", 400, "invalid"),
        (b'{"doctor": 99999999999999999999999999}', "application/json", 400, "invalid"),
    ],
)
def test_bad_bodies_are_refused_not_crashed_on(
    network: NetworkRef, body: bytes, content_type: str, status: int, code: str
) -> None:
    answer = NetworkClient(network).generic("POST", "/api/v1/appointments/", body, content_type=content_type)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_wrong_fields_are_named_with_dots(network: NetworkRef) -> None:
    status, body = Caller(network).post(
        "appointments/", {"doctor": 0, "patient": {"phone": "x", "role": "owner"}}
    )
    assert status == 400
    assert body["fields"]["patient.role"][0]["code"] == "unknown_field"
    assert body["fields"]["doctor"][0]["code"] == "min_value"
    assert body["fields"]["service"][0]["code"] == "required"


@pytest.mark.parametrize(
    ("query", "field", "code"),
    [
        ("colour=red", "colour", "unknown_parameter"),
        ("clinic=abc", "clinic", "not_a_number"),
        ("clinic=-1", "clinic", "not_a_number"),
        ("clinic=99999999999999999999", "clinic", "not_a_number"),
        ("clinic=١", "clinic", "not_a_number"),
        ("clinic=12345", "clinic", "unknown"),
        ("clinic=1&clinic=2", "clinic", "repeated"),
        ("specialization=", "specialization", "empty"),
        ("specialization=no-such", "specialization", "unknown"),
        ("specialization=a%20b", "specialization", "invalid"),
        ("search=%00", "search", "invalid"),
        ("page=0", "page", "not_a_number"),
        ("page=7", "page", "no_such_page"),
        ("page_size=201", "page_size", "not_a_number"),
    ],
)
def test_bad_parameters_are_named(network: NetworkRef, query: str, field: str, code: str) -> None:
    status, body = Caller(network).get(f"doctors/?{query}")
    assert status == 400
    assert body["fields"][field][0]["code"] == code


def test_messages_speak_the_language_asked_for(network: NetworkRef) -> None:
    english = Caller(network).get("nowhere/", **{"accept-language": "en"})[1]["message"]
    assert english == "We could not find that."
    with translation.override("ru"):
        expected = translation.gettext("We could not find that.")
    assert Caller(network).get("nowhere/", **{"accept-language": "ru"})[1]["message"] == expected


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "clinics/"), ("GET", "doctors/1/"), ("POST", "appointments/"), ("GET", "appointments/")],
)
def test_a_bug_is_answered_in_the_one_shape_and_says_nothing(
    network: NetworkRef, method: str, path: str
) -> None:
    bookable = make_bookable()
    client = NetworkClient(network, raise_request_exception=False)
    headers = {"authorization": f"Bearer {token_for(network)}", "accept-language": "ru"}

    def fail(execute: Callable[..., object], sql: str, *rest: object) -> object:
        raise OperationalError("canary: the server closed the connection", sql)

    client.get("/livez")  # from here on the host is known without the database
    with connection.execute_wrapper(fail):
        answer = client.generic(
            method,
            f"/api/v1/{path}",
            json.dumps(wish(bookable)),
            content_type="application/json",
            headers=headers,
        )
    assert (answer.status_code, answer["Content-Type"]) == (500, "application/json")
    with translation.override("ru"):
        message = translation.gettext("Something broke on our side")
    assert message != "Something broke on our side"
    assert answer.json() == {"code": "server_error", "message": message, "params": {}, "fields": {}}
    assert client.get("/api/v1/clinics/").status_code == 200


def test_a_bug_on_the_site_is_still_a_page(network: NetworkRef) -> None:
    def fail(execute: Callable[..., object], sql: str, *rest: object) -> object:
        raise OperationalError("canary: the server closed the connection", sql)

    client = NetworkClient(network, raise_request_exception=False)
    with connection.execute_wrapper(fail):
        assert (
            client.get("/api/v1/clinics/").json()["code"] == "server_error"
        )  # already at finding the network
        answer = client.get("/doctors/")
    assert answer.status_code == 500
    assert answer["Content-Type"].startswith("text/html")
    assert "canary" not in answer.content.decode()


def test_the_platform_answers_programs_in_json_too() -> None:
    request = RequestFactory().get("/api/x/", HTTP_HOST="localhost")
    answer = server_error(request)
    assert (answer.status_code, json.loads(answer.content)["code"]) == (500, "server_error")
    assert server_error(RequestFactory().get("/")).content.decode().lstrip().startswith("<!doctype html>")


def test_what_django_itself_refuses_has_the_one_shape(network: NetworkRef) -> None:
    client = NetworkClient(network, raise_request_exception=False)
    for handler, status in ((bad_request, 400), (forbidden, 403), (not_found, 404)):
        answer = handler(RequestFactory().get("/api/v1/clinics/"), ValueError("canary"))
        assert answer.status_code == status
        assert set(json.loads(answer.content)) == {"code", "message", "params", "fields"}
    assert client.get("/api/v2/").json()["code"] == "not_found"
