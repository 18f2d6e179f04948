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
SKELETON_TO: Final = "abvgdeejziiklmnoprstufhccssyeua"
"""One Latin letter for each Russian one; the last two of the first string are dropped. PostgreSQL's translate() takes
the same pair, so both sides of a comparison lose the same. Trigrams are taken of skeletons because pg_trgm sees
letters only as far as the database's LC_CTYPE does, which may be C."""
_SKELETON: Final = {ord(letter): SKELETON_TO[i : i + 1] for i, letter in enumerate(SKELETON_FROM)}


def variants(query: str) -> list[str]:
    """Return the query in lower case and, each once, its other-alphabet and other-layout readings."""
    text = " ".join(query.lower().split())[:_LONGEST]
    if not text:
        return []
    readings = [text, to_latin(text), to_cyrillic(text), text.translate(_LAYOUT)]
    return list(dict.fromkeys(reading for reading in readings if reading))


def skeletons(query: str) -> list[str]:
    """Return the readings of `variants` as skeletons, each once."""
    found = [reading.translate(_SKELETON).strip() for reading in variants(query)]
    return list(dict.fromkeys(text for text in found if text))


def to_latin(text: str) -> str:
    """Write Russian letters with Latin ones, roughly as in passports."""
    return "".join(_TO_LATIN.get(letter, letter) for letter in text)


def to_cyrillic(text: str) -> str:
    """Write Latin letters with the Russian ones they usually stand for."""
    for latin, cyrillic in _TO_CYRILLIC:
        text = text.replace(latin, cyrillic)
    return text
