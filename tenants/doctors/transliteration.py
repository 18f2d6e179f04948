"""Russian and Ukrainian letters in Latin, for addresses of pages."""

from typing import Final

_PAIRS: Final = (
    "а=a б=b в=v г=g д=d е=e ё=e ж=zh з=z и=i й=y к=k л=l м=m н=n о=o п=p р=r с=s т=t у=u ф=f х=kh ц=ts ч=ch ш=sh "
    "щ=shch ъ= ы=y ь= э=e ю=yu я=ya і=i ї=yi є=ye ґ=g"
)
_LETTERS: Final = dict(pair.split("=") for pair in _PAIRS.split())


def to_latin(text: str) -> str:
    """Return the text in lower case with Cyrillic letters written in Latin; other letters stay."""
    return "".join(_LETTERS.get(letter, letter) for letter in text.lower())
