"""What somebody may have meant by what they typed: the other alphabet, the other keyboard layout."""

from typing import Final

_TO_LATIN: Final = dict(
    zip(
        "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
        "a b v g d e e zh z i y k l m n o p r s t u f kh ts ch sh shch _ y _ e yu ya".replace("_", "").split(
            " "
        ),
        strict=True,
    )
)
_TO_CYRILLIC: Final = (
    ("shch", "щ"),
    ("zh", "ж"),
    ("kh", "х"),
    ("ts", "ц"),
    ("ch", "ч"),
    ("sh", "ш"),
    ("yu", "ю"),
    ("ju", "ю"),
    ("ya", "я"),
    ("ja", "я"),
    ("yo", "ё"),
    *zip("abvgdezijklmnoprstufhcyw", "абвгдезийклмнопрстуфхцыв", strict=True),
)
_KEYS: Final = "qwertyuiop[]asdfghjkl;'zxcvbnm,."
_LAYOUT: Final = str.maketrans(_KEYS, "йцукенгшщзхъфывапролджэячсмитьбю")
_LONGEST: Final = 80


SKELETON_FROM: Final = "абвгдеёжзийклмнопрстуфхцчшщыэюяъь"
SKELETON_TO: Final = "abvgdeezziiklmnoprstufhccssieua"
SOUNDS: Final = (
    *(
        ("shch", "s"),
        ("sch", "s"),
        ("sh", "s"),
        ("ch", "c"),
        ("zh", "z"),
        ("kh", "h"),
        ("ts", "c"),
        ("tz", "c"),
    ),
    *(("ph", "f"), ("ck", "k"), ("x", "ks"), ("w", "v"), ("q", "k")),
    *(("yu", "u"), ("ju", "u"), ("ya", "a"), ("ja", "a"), ("yo", "e"), ("jo", "e"), ("ie", "e"), ("io", "e")),
    *(("y", "i"), ("j", "i")),
)
"""How a text becomes a skeleton: one Latin letter for each Russian one (the last two of the first string are dropped),
then one spelling for each sound, in this order, so that "Зайцева", "Zaitseva", "Zaytseva" and "Zayceva" are one.
PostgreSQL does the same with translate() and replace(), so both sides of a comparison lose the same. Trigrams are
taken of skeletons because pg_trgm sees letters only as far as the database's LC_CTYPE does, which may be C."""
_SKELETON: Final = {ord(letter): SKELETON_TO[i : i + 1] for i, letter in enumerate(SKELETON_FROM)}
_UNFINISHED: Final = {"t": "c", "k": "h", "p": "f"}
"""What the last letter typed may still become: "zayt" is on its way to "zaytseva"."""


def variants(query: str) -> list[str]:
    """Return the query in lower case and, each once, its other-alphabet and other-layout readings."""
    text = " ".join(query.lower().split())[:_LONGEST]
    if not text:
        return []
    readings = [text, to_latin(text), to_cyrillic(text), text.translate(_LAYOUT)]
    return list(dict.fromkeys(reading for reading in readings if reading))


def skeletons(query: str) -> list[str]:
    """Return the skeletons of what was typed, on this keyboard layout and the other, and of what it may become."""
    text = " ".join(query.lower().split())[:_LONGEST]
    found = [skeleton(reading) for reading in (text, text.translate(_LAYOUT))]
    found += [each[:-1] + _UNFINISHED[each[-1]] for each in found if each[-1:] in _UNFINISHED]
    return list(dict.fromkeys(each for each in found if each))


def skeleton(text: str) -> str:
    """Return a text in lower case as it sounds in plain Latin letters."""
    found = text.translate(_SKELETON)
    for spelling, sound in SOUNDS:
        found = found.replace(spelling, sound)
    return found.strip()


def to_latin(text: str) -> str:
    """Write Russian letters with Latin ones, roughly as in passports."""
    return "".join(_TO_LATIN.get(letter, letter) for letter in text)


def to_cyrillic(text: str) -> str:
    """Write Latin letters with the Russian ones they usually stand for."""
    for latin, cyrillic in _TO_CYRILLIC:
        text = text.replace(latin, cyrillic)
    return text
