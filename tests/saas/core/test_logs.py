"""Log lines and error reports: always traceable, never personal."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from django.conf import settings
from sentry_sdk.envelope import Envelope
from sentry_sdk.types import Event

from saas.core.scrubbing import REMOVED, scrub, scrub_sentry_event, scrub_text
from saas.networks.context import NetworkRef, network_context, public_context
from saas.networks.signing import sign
from tests.fixtures.networks import ClientFor

PERSON = {
    "email": "anna.petrova@example.org",
    "phone": "+7 916 123-45-67",
    "first_name": "Анна",
    "notes": "аллергия на пенициллин",
    "password": "hunter2hunter2",
}


@pytest.fixture
def lines() -> Iterator[list[dict[str, Any]]]:
    """The JSON lines as the console handler writes them."""
    written = []

    class Collect(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            written.append(json.loads(self.format(record)))

    options = settings.LOGGING["formatters"]["json"]
    handler = Collect()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=options["foreign_pre_chain"], processors=options["processors"]
        )
    )
    root = logging.getLogger()
    root.addHandler(handler)
    level = root.level
    root.setLevel(logging.INFO)
    yield written
    root.setLevel(level)
    root.removeHandler(handler)


def _has(line: dict[str, Any], text: str) -> bool:
    return text in json.dumps(line, ensure_ascii=False)


@pytest.mark.unit
def test_line_names_its_network(lines: list[dict[str, Any]]) -> None:
    with network_context("t_77"):
        structlog.get_logger("x").info("happened")
        logging.getLogger("y").warning("by the library")
    with public_context():
        structlog.get_logger("x").info("happened")
    structlog.get_logger("x").info("happened")
    assert [line.get("network") for line in lines] == ["t_77", "t_77", "public", None]
    assert all(line["timestamp"].endswith("Z") and line["level"] for line in lines)


@pytest.mark.unit
def test_line_holds_nothing_personal(lines: list[dict[str, Any]]) -> None:
    structlog.get_logger("x").info("booked", appointment=5, person=PERSON, **PERSON)
    logging.getLogger("y").error("could not write to %s, call %s", PERSON["email"], PERSON["phone"])
    for line in lines:
        for value in PERSON.values():
            assert not _has(line, value), line
    assert lines[0]["appointment"] == 5


@pytest.mark.unit
def test_line_cannot_be_forged(lines: list[dict[str, Any]]) -> None:
    structlog.get_logger("x").info("search", text='x\n{"event": "forged"}\x1b[31m')
    assert "\n" not in json.dumps(lines[0]["text"]).replace("\\n", "\n")


@pytest.mark.integration
@pytest.mark.django_db
def test_request_line_has_id_and_network_and_no_person(
    network: NetworkRef, client_for: ClientFor, lines: list[dict[str, Any]]
) -> None:
    client = client_for(network)
    answer = client.post(
        "/accounts/login/?email=anna.petrova@example.org",
        {"login": PERSON["email"], "password": PERSON["password"]},
    )
    assert answer.status_code == 200
    finished = next(line for line in lines if line["event"] == "request_finished")
    assert finished["network"] == network.schema_name
    assert finished["request"] == "POST /accounts/login/"
    assert [line["event"] for line in lines].count("request_finished") == 1
    assert len(finished["request_id"]) == 36
    for line in lines:
        for value in PERSON.values():
            assert not _has(line, value), line


@pytest.mark.integration
@pytest.mark.django_db
def test_tokens_in_paths_are_not_logged(
    network: NetworkRef, client_for: ClientFor, lines: list[dict[str, Any]]
) -> None:
    token = sign("x", purpose="visit")
    client_for(network).get(f"/visits/{token}/?phone=79161234567")
    assert lines
    assert not any(_has(line, token) or _has(line, "79161234567") for line in lines)


@pytest.mark.unit
def test_known_keys_and_shapes_are_masked() -> None:
    scrubbed = scrub(
        {"person": PERSON, "ids": [1, 2], "ok": "visit 5", "headers": {"Authorization": "Bearer abcdefgh123"}}
    )
    assert scrubbed["ids"] == [1, 2]
    assert scrubbed["ok"] == "visit 5"
    assert set(scrubbed["person"].values()) == {REMOVED}
    assert scrubbed["headers"]["Authorization"] == REMOVED
    for text in ("write to a.b@c.org", "call +7 (916) 123-45-67", "Bearer abcdefgh12345", "8 800 555 35 35"):
        assert REMOVED in scrub_text(text), text


@pytest.mark.unit
def test_deep_and_recursive_values_end() -> None:
    loop: dict[str, object] = {}
    loop["again"] = loop
    assert REMOVED in json.dumps(scrub(loop))


@pytest.mark.unit
def test_error_report_is_scrubbed() -> None:
    """Through the real SDK: the envelope that would leave the machine."""
    import sentry_sdk
    from sentry_sdk.transport import Transport

    sent = []

    class Kept(Transport):
        def capture_envelope(self, envelope: Envelope) -> None:
            sent.append(envelope.serialize().decode())

    with sentry_sdk.new_scope():
        client = sentry_sdk.Client(
            dsn="https://key@sentry.example/1", transport=Kept, before_send=scrub_sentry_event,
            include_local_variables=True, default_integrations=False,
        )  # fmt: skip
        scope = sentry_sdk.get_current_scope()
        scope.set_client(client)
        scope.set_user({"id": 5, "email": PERSON["email"]})
        scope.set_extra("person", PERSON)
        notes = PERSON["notes"]  # a local variable of the frame that fails
        try:
            raise ValueError(f"no such phone {PERSON['phone']}")  # noqa: TRY301 - the point
        except ValueError as error:
            sentry_sdk.capture_exception(error)
        del notes
        client.flush()
        scope.set_client(None)
    assert len(sent) == 1
    assert "ValueError" in sent[0]
    for value in PERSON.values():
        assert value not in sent[0]
        assert json.dumps(value)[1:-1] not in sent[0]


@pytest.mark.unit
def test_error_report_drops_the_request_but_its_address() -> None:
    event: Event = {
        "request": {
            "url": "http://first.localhost/visits/abc/", "data": PERSON, "cookies": {"sessionid": "x"},
            "headers": {"Cookie": "x"}, "query_string": "phone=1", "env": {},
        },
        "user": {"email": PERSON["email"]},
        "exception": {"values": [{"stacktrace": {"frames": [{"vars": {"notes": "x"}}]}}]},
    }  # fmt: skip
    scrubbed = scrub_sentry_event(event, {})
    assert set(scrubbed["request"]) == {"url"}
    assert "user" not in scrubbed
    assert scrubbed["exception"]["values"][0]["stacktrace"]["frames"] == [{}]
