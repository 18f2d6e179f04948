"""What somebody may have meant by what they typed: the other alphabet, the other keyboard layout."""

from typing import Final

_TO_LATIN: Final = dict(
    zip(
        "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
        "a b v g d e e zh z i y k l m n o p r s t u f kh ts ch sh shch _ y _ e yu ya".replace("_", "").split(" "),
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


def variants(query: str) -> list[str]:
    """Return the query in lower case and, each once, its other-alphabet and other-layout readings."""
    text = " ".join(query.lower().split())[:_LONGEST]
    if not text:
        return []
    readings = [text, to_latin(text), to_cyrillic(text), text.translate(_LAYOUT)]
    return list(dict.fromkeys(reading for reading in readings if reading))


def to_latin(text: str) -> str:
    """Write Russian letters with Latin ones, roughly as in passports."""
    return "".join(_TO_LATIN.get(letter, letter) for letter in text)


def to_cyrillic(text: str) -> str:
    """Write Latin letters with the Russian ones they usually stand for."""
    for latin, cyrillic in _TO_CYRILLIC:
        text = text.replace(latin, cyrillic)
    return text
