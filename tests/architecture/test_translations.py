"""The source language is English; every marked text has a Russian translation."""

from __future__ import annotations

from pathlib import Path

import polib
import pytest

from infra.local.texts import marked_texts, untranslated
from saas.core.management.commands.compile_locales import merge

pytestmark = pytest.mark.unit

HEADER = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\n'


def part(folder: Path, name: str, body: str) -> Path:
    path = folder / name
    path.write_text(HEADER + body)
    return path


def test_every_text_has_a_russian_translation() -> None:
    missing = [f"{text.place}: {text.text!r}" for text in untranslated()]
    assert not missing, f"{len(missing)} texts without a translation in locale/ru/parts"


def test_marked_texts_come_from_python_and_templates() -> None:
    places = {text.place.split(":")[0].rsplit(".", 1)[-1] for text in marked_texts()}
    assert {"py", "html"} <= places


def test_committed_parts_agree() -> None:
    folder = Path(__file__).resolve().parents[2] / "locale" / "ru" / "parts"
    _, problems = merge(sorted(folder.glob("*.po")), plural_forms=3)
    assert not problems


def test_merge_names_both_files_of_a_contradiction(tmp_path: Path) -> None:
    first = part(tmp_path, "a.po", 'msgid "Book"\nmsgstr "Записаться"\n')
    second = part(tmp_path, "b.po", 'msgid "Book"\nmsgstr "Книга"\n')
    _, problems = merge([first, second], plural_forms=3)
    assert len(problems) == 1
    assert "a.po" in problems[0]
    assert "b.po" in problems[0]


def test_merge_keeps_contexts_apart(tmp_path: Path) -> None:
    body = 'msgctxt "verb"\nmsgid "Book"\nmsgstr "Записаться"\n\nmsgid "Book"\nmsgstr "Книга"\n'
    catalogue, problems = merge([part(tmp_path, "a.po", body)], plural_forms=3)
    assert not problems
    assert len(catalogue) == 2


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ('msgid "Hello, %(name)s"\nmsgstr "Здравствуйте, %(nmae)s"\n', "placeholders differ"),
        ('msgid "Hello"\nmsgstr ""\n', "not translated"),
        ('#, fuzzy\nmsgid "Hello"\nmsgstr "Привет"\n', "fuzzy"),
        (
            'msgid "%(n)s day"\nmsgid_plural "%(n)s days"\nmsgstr[0] "%(n)s день"\nmsgstr[1] ""\n',
            "not translated",
        ),
    ],
)
def test_merge_reports_broken_texts(tmp_path: Path, body: str, problem: str) -> None:
    _, problems = merge([part(tmp_path, "a.po", body)], plural_forms=3)
    assert len(problems) == 1
    assert problem in problems[0]
    assert problems[0].startswith("a.po:")


def test_compiled_plurals_follow_russian_rules(tmp_path: Path) -> None:
    forms = 'msgstr[0] "%(n)s день"\nmsgstr[1] "%(n)s дня"\nmsgstr[2] "%(n)s дней"\n'
    catalogue, problems = merge(
        [part(tmp_path, "a.po", f'msgid "%(n)s day"\nmsgid_plural "%(n)s days"\n{forms}')], plural_forms=3
    )
    assert not problems
    target = tmp_path / "out.mo"
    catalogue.save_as_mofile(str(target))
    assert polib.mofile(str(target))[0].msgstr_plural[2] == "%(n)s дней"
