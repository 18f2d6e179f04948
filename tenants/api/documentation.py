"""The OpenAPI description turned into what a page shows: operations with parameters, fields and examples."""

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from tenants.api.openapi import description

_METHODS: Final = ("get", "post")
_EXAMPLES: Final[dict[str, Any]] = {
    "uuid": "0b8f6f1e-6d0a-4a52-9f5e-2f0f4a3c9d11",
    "date-time": "2026-12-01T09:00:00+03:00",
    "date": "2026-12-01",
    "email": "anna@example.com",
    "uri": "https://example.com/",
    "decimal": "2500.00",
}
_BY_NAME: Final[dict[str, Any]] = {
    "phone": "+7 916 123-45-67",
    "last_name": "Orlova",
    "first_name": "Anna",
    "middle_name": "",
    "language": "en",
    "currency": "RUB",
    "time_zone": "Europe/Moscow",
    "slug": "cardiology",
    "notes": "",
    "reason": "",
    "specialization": "cardiology",
    "category": "diagnostics",
    "service": "ultrasound",
    "search": "orlova",
    "rating": 5,
    "comment": "Attentive and clear.",
    "code": "slot_taken",
    "page": 1,
    "page_size": 50,
}
_MAX_DEPTH: Final = 6


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter in the path, the query or a header."""

    name: str
    place: str
    kind: str
    required: bool
    text: str


@dataclass(frozen=True, slots=True)
class Answer:
    """One status with which the operation may answer."""

    status: str
    text: str
    example: str

    @property
    def is_good(self) -> bool:
        return self.status.startswith("2")


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one address."""

    id: str
    tag: str
    method: str
    path: str
    text: str
    is_open: bool
    parameters: list[Parameter]
    body_example: str
    command: str
    answers: list[Answer]

    def matches(self, wanted: str) -> bool:
        """Whether every word of a search is found in the operation."""
        haystack = f"{self.id} {self.tag} {self.method} {self.path} {self.text}".lower()
        names = " ".join(parameter.name for parameter in self.parameters)
        return all(word in f"{haystack} {names}" for word in wanted.lower().split())


@lru_cache(maxsize=16)
def operations(base_url: str) -> list[Operation]:
    """Return every operation; `base_url` ends with a slash and stands in the example commands."""
    whole = description()
    return [
        _operation(base_url, path, method, methods[method])
        for path, methods in whole["paths"].items()
        for method in _METHODS
        if method in methods
    ]


def _operation(base_url: str, path: str, method: str, source: dict[str, Any]) -> Operation:
    content = source.get("requestBody", {}).get("content", {}).get("application/json")
    body = _pretty(_example(content["schema"])) if content else ""
    security = source.get("security", [])
    return Operation(
        id=source["operationId"],
        tag=source.get("tags", [""])[0],
        method=method.upper(),
        path=path,
        text=source.get("description", ""),
        is_open={} in security,
        parameters=[_parameter(item) for item in source.get("parameters", [])],
        body_example=body,
        command=_command(base_url, path, method, source, body),
        answers=[_answer(status, item) for status, item in source["responses"].items()],
    )


def _parameter(source: dict[str, Any]) -> Parameter:
    schema = source.get("schema", {})
    return Parameter(
        name=source["name"],
        place=source["in"],
        kind=schema.get("format") or schema.get("type", ""),
        required=source.get("required", False),
        text=source.get("description", ""),
    )


def _answer(status: str, source: dict[str, Any]) -> Answer:
    content = source.get("content", {}).get("application/json")
    example = _pretty(_example(content["schema"])) if content and status.startswith("2") else ""
    return Answer(status=status, text=source.get("description", ""), example=example)


def _command(base_url: str, path: str, method: str, source: dict[str, Any], body: str) -> str:
    address = base_url.rstrip("/") + path
    for item in source.get("parameters", []):
        if item["in"] == "path":
            address = address.replace(f"{{{item['name']}}}", str(_example(item["schema"], item["name"])))
    wanted = [item for item in source.get("parameters", []) if item["in"] == "query" and item.get("required")]
    if "available-slots" in path:
        wanted = [item for item in source["parameters"] if item["name"] in ("doctor", "date")]
    if wanted:
        address += "?" + "&".join(
            f"{item['name']}={_example(item['schema'], item['name'])}" for item in wanted
        )
    if method == "get":
        return f"curl '{address}'"
    lines = [
        f"curl -X POST '{address}'",
        "-H 'Content-Type: application/json'",
        "-H 'Idempotency-Key: my-key-1'",
    ]
    if body:
        lines.append(f"-d '{body}'")
    return " \\\n  ".join(lines)


def _example(schema: dict[str, Any], name: str = "", depth: int = 0) -> object:
    """A made-up value of a schema, the same on every call."""
    schema = _resolved(schema)
    if depth > _MAX_DEPTH:
        return None
    if "properties" in schema:
        return {key: _example(value, key, depth + 1) for key, value in schema["properties"].items()}
    if schema.get("type") == "array":
        return [_example(schema.get("items", {}), name, depth + 1)]
    return schema["enum"][0] if "enum" in schema else _plain_example(schema, name)


def _plain_example(schema: dict[str, Any], name: str) -> object:
    kind = schema.get("type")
    if kind == "object":
        return {}
    if kind == "boolean":
        return True
    known = _BY_NAME.get(name)
    if kind == "integer":
        return known if isinstance(known, int) else 1
    return _EXAMPLES.get(schema.get("format", ""), known or "…")


def _resolved(schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in schema:
        found: dict[str, Any] = description()["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]]
        return _resolved(found)
    for choice in ("allOf", "oneOf", "anyOf"):
        if choice in schema:
            return _resolved(schema[choice][0])
    return schema


def _pretty(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)
