"""What the desk types to find a patient, and what is stored to be found: one skeleton for every spelling.

Pure functions. A stored text is a row of words, each after a space: names as skeletons, digits of the phone, date
of birth as ddmmyyyy. Words are found by their beginning, digits anywhere, both by the trigram index.
"""

import datetime as dt
import re
import unicodedata
from collections.abc import Iterable
from typing import Any, Final, Protocol

from django.db import models

FEWEST: Final = 2
"""Fewer letters or digits than these mean everybody."""

SOURCES: Final = frozenset({"last_name", "first_name", "middle_name", "phone", "birth_date"})
"""The fields of a patient that the stored text is made of."""

_MOST_WORDS: Final = 6
_LONGEST: Final = 60
_PAIRS: Final = (
    "а=a б=b в=v г=g д=d е=e ё=e ж=zh з=z и=i й=i к=k л=l м=m н=n о=o п=p р=r с=s т=t у=u ф=f х=kh ц=ts ч=ch ш=sh "
    "щ=shch ъ= ы=y ь= э=e ю=yu я=ya і=i ї=i є=ye ґ=g ў=u"
)
_LATIN: Final = str.maketrans({pair[0]: pair[2:] for pair in _PAIRS.split()})

# Spellings that mean one sound, longest first: Khabarov = Habarov, Yulia = Iuliia = Julija, Fyodor = Fedor.
_SAME: Final = (
    ("shch", "sh"),
    ("tch", "ch"),
    ("sch", "sh"),
    ("kh", "h"),
    ("ts", "c"),
    ("tz", "c"),
    ("ph", "f"),
    ("ck", "k"),
    ("x", "ks"),
    ("w", "v"),
    ("q", "k"),
    ("y", "i"),
    ("j", "i"),
    ("ie", "e"),
    ("io", "e"),
)
# What the end of a word may still become: "zait" is on its way to "zaitsev", whose sounds are "zaicev".
_UNFINISHED: Final = (("sc", "s"), ("tc", "c"), ("t", "c"), ("k", "h"), ("p", "f"), ("i", "e"))

_TWICE: Final = re.compile(r"(\D)\1+")
_NOT_WORD: Final = re.compile(r"[\W_]+")
_DATE: Final = re.compile(r"(\d{1,2})[./](\d{1,2})(?:[./](\d{4}|\d{2}))?[./]?")
_ISO_DATE: Final = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_PHONE_MARKS: Final = frozenset("+-() .")
_RUSSIAN_KEYS: Final = "йцукенгшщзхъфывапролджэячсмитьбюё"
_LATIN_KEYS: Final = "qwertyuiop[]asdfghjkl;'zxcvbnm,.`"
_OTHER_LAYOUT: Final = str.maketrans(_RUSSIAN_KEYS + _LATIN_KEYS, _LATIN_KEYS + _RUSSIAN_KEYS)


class Named(Protocol):
    """What the stored text is made of."""

    last_name: str
    first_name: str
    middle_name: str
    phone: str
    birth_date: dt.date | None


def skeleton(text: str) -> str:
    """Return a name as it sounds in plain Latin letters: "Хабарова", "Habarova" and "Khabarova" are one."""
    plain = unicodedata.normalize("NFKD", text.lower().translate(_LATIN))
    found = "".join(letter for letter in plain if not unicodedata.combining(letter))
    for spelling, sound in _SAME:
        found = found.replace(spelling, sound)
    return _TWICE.sub(r"\1", found)


def search_text(patient: Named) -> str:
    """Return what is stored for a patient: words that begin with a space each, the last name first."""
    words: list[str] = []
    for name in (patient.last_name, patient.first_name, patient.middle_name):
        words.extend(_words(name))
    words.append("".join(letter for letter in patient.phone if letter.isdigit()))
    if isinstance(patient.birth_date, dt.date):
        words.append(f"{patient.birth_date:%d%m%Y}")
    return "".join(f" {word}" for word in words if word)


def patterns(text: str) -> list[list[str]]:
    """Return LIKE patterns for what was typed: all groups must match, of a group any. Empty: too little typed.

    A name may also have been typed with the other keyboard layout on; a Russian phone with 8 instead of +7.
    """
    said = text.replace("\x00", "").strip().lower()[:_LONGEST]
    if max(_telling(said), _telling(said.translate(_OTHER_LAYOUT))) < FEWEST or not _telling(said):
        return []
    if set(said) <= _PHONE_MARKS | set("0123456789") and not _dates(said):
        return [_number("".join(letter for letter in said if letter.isdigit()))]
    groups: list[list[str]] = []
    for word in said.split()[:_MOST_WORDS]:
        date = _dates(word)
        digits = "".join(letter for letter in word if letter.isdigit())
        if date:
            groups.append([f"% {date}%"])
        elif digits and not any(letter.isalpha() for letter in word):
            groups.append(_number(digits))
        else:
            sounds = {*_words(word), *_words(word.translate(_OTHER_LAYOUT))}
            telling = {sound for sound in sounds if len(sound) >= FEWEST} or sounds
            telling |= {finished for sound in telling for finished in _finished(sound)}
            groups.append(sorted(f"% {sound}%" for sound in telling))
    return [group for group in groups if group]


def _words(name: str) -> list[str]:
    return [word for word in _NOT_WORD.split(skeleton(name.replace("'", "").replace("ʹ", ""))) if word]


def _finished(sound: str) -> list[str]:
    """Return how a word may sound once it is typed to its end, where that changes what is there already."""
    return [
        sound[: -len(end)] + other
        for end, other in _UNFINISHED
        if sound.endswith(end) and len(sound) > FEWEST
    ]


def _telling(text: str) -> int:
    return sum(letter.isalnum() for letter in text)


def _dates(word: str) -> str:
    """Return a date as the stored text writes it, without a year if none was typed; empty for anything else."""
    iso = _ISO_DATE.fullmatch(word)
    if iso:
        return f"{iso[3]}{iso[2]}{iso[1]}"
    local = _DATE.fullmatch(word)
    if not local:
        return ""
    year = local[3] or ""
    if len(year) == len("85"):
        year = ""  # of which century is anybody's guess: the day and the month will do
    return f"{int(local[1]):02d}{int(local[2]):02d}{year}"


def _number(digits: str) -> list[str]:
    found = [f"%{digits}%"]
    if digits.startswith("8") and len(digits) > FEWEST:
        found.append(f"% 7{digits[1:]}%")
    return found


class SearchTextField(models.TextField[Any, Any]):
    """Filled from the other fields whenever the row is written whole, by `save()`, in bulk or in a batch."""

    def pre_save(self, model_instance: models.Model, add: bool) -> str:  # noqa: FBT001 - Django's signature
        text = search_text(model_instance)  # type: ignore[arg-type] # a Patient: it has the names
        setattr(model_instance, self.attname, text)
        return text

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.TextField", args, kwargs


def with_search_text(fields: Iterable[str] | None) -> list[str] | None:
    """Return `update_fields` with the stored text among them when what it is made of is written."""
    if fields is None:
        return None
    names = list(fields)
    return [*names, "search_text"] if SOURCES.intersection(names) else names
