"""Fixtures of the whole suite. The servers come from `infra.local.pytest_plugin`, which is loaded before Django."""

from __future__ import annotations

from pathlib import Path

# Every module in tests/fixtures is a plugin, so that a new one needs no line here.
pytest_plugins = [
    f"tests.fixtures.{module.stem}"
    for module in sorted(Path(__file__).with_name("fixtures").glob("*.py"))
    if module.stem != "__init__"
]
