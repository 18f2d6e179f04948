"""Finds the texts that the source marks for translation, and those without a Russian one.

GNU gettext may be missing, so Python is read by its own parser and templates by Django's `templatize`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polib
from django.utils.translation.template import templatize

from infra.local.paths import ROOT

_SOURCES = ("platform", "tenants")
_TEMPLATES = ("templates", "platform", "tenants")
# How many leading arguments are texts, and whether the first is a context.
_PLAIN = {"_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy"}
_WITH_CONTEXT = {"pgettext", "pgettext_lazy", "npgettext", "npgettext_lazy"}
_CALL = re.compile(r"(?<![\w.])(" + "|".join(sorted(_PLAIN | _WITH_CONTEXT)) + r")\(")
_LITERAL = re.compile(r"""\s*u?('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")\s*,?""", re.DOTALL)


@dataclass(frozen=True, order=True)
class Text:
    """One marked text: `context` is empty where there is none; with `is_plural` it is counted."""

    text: str
    context: str
    place: str
    is_plural: bool


def marked_texts() -> Iterator[Text]:
    """Every text that Python or a template marks for translation."""
    for folder in _SOURCES:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "migrations" not in path.parts:
                yield from _in_python(path)
    for folder in _TEMPLATES:
        for suffix in ("html", "txt"):
            for path in sorted((ROOT / folder).rglob(f"*.{suffix}")):
                yield from _in_template(path)


def untranslated() -> list[Text]:
    """Marked texts that no file in locale/ru/parts translates; a counted one needs its plural forms there."""
    known = {
        (entry.msgid, entry.msgctxt or "", is_plural)
        for part in (ROOT / "locale" / "ru" / "parts").glob("*.po")
        for entry in polib.pofile(str(part))
        if entry.translated() and not entry.obsolete
        for is_plural in {False, bool(entry.msgid_plural)}
    }
    return sorted(
        {
            text
            for text in marked_texts()
            if text.text and (text.text, text.context, text.is_plural) not in known
        }
    )


def _in_python(path: Path) -> Iterator[Text]:
    for node in ast.walk(ast.parse(path.read_text(), filename=str(path))):
        if not isinstance(node, ast.Call):
            continue
        function = node.func
        name = function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")
        texts = [argument.value for argument in node.args if isinstance(argument, ast.Constant)]
        place = f"{path.relative_to(ROOT)}:{node.lineno}"
        yield from _text(name, [text for text in texts if isinstance(text, str)], place)


def _in_template(path: Path) -> Iterator[Text]:
    source = templatize(path.read_text(), origin=str(path))
    for call in _CALL.finditer(source):
        texts: list[str] = []
        position = call.end()
        while literal := _LITERAL.match(source, position):
            texts.append(ast.literal_eval(literal[1]))
            position = literal.end()
        yield from _text(call[1], texts, str(path.relative_to(ROOT)))


def _text(function: str, texts: list[str], place: str) -> Iterator[Text]:
    if function in _PLAIN and texts:
        yield Text(texts[0], "", place, function.startswith("n"))
    elif function in _WITH_CONTEXT and len(texts) > 1:
        yield Text(texts[1], texts[0], place, function.startswith("n"))
