"""Merges the translations of `locale/<language>/parts/*.po` and compiles them, without GNU gettext."""

from __future__ import annotations

import re
from pathlib import Path

import polib
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

_HEADER = {
    "Content-Type": "text/plain; charset=UTF-8",
    "Content-Transfer-Encoding": "8bit",
    "MIME-Version": "1.0",
}
_PLURAL_FORMS = {
    "ru": (
        3,
        "nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 && (n%100<12 || n%100>14) ? 1 : 2);",
    ),
}
_PLACEHOLDER = re.compile(r"%\((\w+)\)[a-z]|\{(\w+)\}|(?<!%)%([sd])")

Key = tuple[str | None, str]


class Command(BaseCommand):
    help = "Merge locale/<language>/parts/*.po into django.po and django.mo; refuses contradictions and broken texts."
    requires_system_checks: list[str] = []

    def handle(self, **options: object) -> None:
        for folder in settings.LOCALE_PATHS:
            for language, (forms, rule) in _PLURAL_FORMS.items():
                home = Path(folder) / language
                parts = sorted((home / "parts").glob("*.po"))
                catalogue, problems = merge(parts, plural_forms=forms)
                if problems:
                    raise CommandError("\n".join(problems))
                catalogue.metadata = {**_HEADER, "Language": language, "Plural-Forms": rule}
                target = home / "LC_MESSAGES"
                target.mkdir(exist_ok=True)
                catalogue.save(str(target / "django.po"))
                catalogue.save_as_mofile(str(target / "django.mo"))
                self.stdout.write(f"{language}: {len(catalogue)} texts from {len(parts)} files")


def merge(parts: list[Path], *, plural_forms: int) -> tuple[polib.POFile, list[str]]:
    """One catalogue out of many, sorted, and what is wrong with them, each problem with its file and line."""
    merged: dict[Key, tuple[polib.POEntry, str]] = {}
    problems: list[str] = []
    for part in parts:
        for entry in polib.pofile(str(part)):
            if entry.obsolete:
                continue
            place = f"{part.name}:{entry.linenum}"
            problems += [f"{place}: {problem}: {entry.msgid!r}" for problem in _problems(entry, plural_forms)]
            key = (entry.msgctxt, entry.msgid)
            known, known_place = merged.setdefault(key, (entry, place))
            is_plural = bool(entry.msgid_plural)
            if bool(known.msgid_plural) != is_plural:
                # One text may be used alone and with a plural; gettext keeps one entry, which then has the plural.
                if is_plural:
                    merged[key] = (entry, place)
            elif _forms(known, plural_forms) != _forms(entry, plural_forms):
                problems.append(f"{place} and {known_place} translate {entry.msgid!r} differently")
    catalogue = polib.POFile(wrapwidth=0)
    for _, (entry, _place) in sorted(merged.items(), key=lambda item: (item[0][1], item[0][0] or "")):
        catalogue.append(
            polib.POEntry(
                msgctxt=entry.msgctxt,
                msgid=entry.msgid,
                msgid_plural=entry.msgid_plural,
                msgstr=entry.msgstr,
                msgstr_plural=entry.msgstr_plural,
            )
        )
    return catalogue, problems


def _forms(entry: polib.POEntry, count: int) -> list[str]:
    if not entry.msgid_plural:
        return [entry.msgstr]
    return [entry.msgstr_plural.get(number, "") for number in range(count)]


def _problems(entry: polib.POEntry, plural_forms: int) -> list[str]:
    if entry.fuzzy:
        return ["marked fuzzy"]
    forms = _forms(entry, plural_forms)
    if not all(forms):
        return ["not translated"]
    wanted = _placeholders(entry.msgid) | _placeholders(entry.msgid_plural)
    for form in forms:
        found = _placeholders(form)
        # A plural form may leave its number out ("one visit"), never the other way round.
        if not found <= wanted or (not entry.msgid_plural and found != wanted):
            return [f"placeholders differ ({', '.join(sorted(wanted ^ found))})"]
    return []


def _placeholders(text: str) -> set[str]:
    return {"".join(groups) for groups in _PLACEHOLDER.findall(text)}
