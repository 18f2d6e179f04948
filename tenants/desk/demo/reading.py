"""Reads a demo network from its file in `data/`: the tables of the file are the fields of the shapes."""

from __future__ import annotations

import tomllib
from dataclasses import fields, is_dataclass
from decimal import Decimal
from pathlib import Path
from types import NoneType
from typing import Final, get_args, get_origin, get_type_hints

from tenants.desk.demo.shapes import DemoNetwork

_DATA: Final = Path(__file__).with_name("data")


def read_network(slug: str) -> DemoNetwork:
    """Return the network described in `data/<slug>.toml`. Raises TypeError where a value does not fit its field."""
    network = _fitted(DemoNetwork, tomllib.loads((_DATA / f"{slug}.toml").read_text(encoding="utf-8")), slug)
    assert isinstance(network, DemoNetwork)  # noqa: S101 - what was asked for
    return network


def _fitted(kind: object, value: object, where: str) -> object:
    """The value as its field's type wants it: tables become shapes, arrays tuples, texts of money decimals."""
    origin, arguments = get_origin(kind), get_args(kind)
    if isinstance(kind, type) and is_dataclass(kind) and isinstance(value, dict):
        hints = get_type_hints(kind)
        known = {field.name for field in fields(kind)}
        if unknown := set(value) - known:
            raise TypeError(f"{where}: no such field: {', '.join(sorted(unknown))}")
        return kind(**{name: _fitted(hints[name], part, f"{where}.{name}") for name, part in value.items()})
    if origin is tuple and isinstance(value, list):
        kinds = arguments[:1] * len(value) if arguments[-1:] == (Ellipsis,) else arguments
        return tuple(_fitted(each, part, where) for each, part in zip(kinds, value, strict=True))
    if origin is dict and isinstance(value, dict):
        return {name: _fitted(arguments[1], part, f"{where}.{name}") for name, part in value.items()}
    if NoneType in arguments:
        (kind,) = (each for each in arguments if each is not NoneType)
    if kind is Decimal and isinstance(value, str):
        return Decimal(value)
    if isinstance(kind, type) and isinstance(value, kind):
        return value
    raise TypeError(f"{where}: {value!r} is not {kind}")
