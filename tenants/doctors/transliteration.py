"""Russian and Ukrainian letters in Latin, for addresses of pages."""

from typing import Final

_LETTERS: Final = dict(
    zip(
        "абвгдеёжзийклмнопрстуфхцчшщъыьэюяіїєґ",
        "a b v g d e e zh z i y k l m n o p r s t u f kh ts ch sh shch  y  e yu ya i yi ye g".split(" "),
        strict=True,
    )
)


def to_latin(text: str) -> str:
    """Return the text in lower case with Cyrillic letters written in Latin; other letters stay."""
    return "".join(_LETTERS.get(letter, letter) for letter in text.lower())
