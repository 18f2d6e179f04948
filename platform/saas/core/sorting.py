"""Lists in alphabetical order as a reader expects it, whatever the database's collation knows.

PostgreSQL compares code points here (its wheel has no ICU, and `pg_c_utf8` and `pg_unicode_fast` sort the same way),
which puts Ё before А. Russian lists sort it with Е.
"""

from typing import Final

from django.db.models import F, Func, TextField, Value
from django.db.models.expressions import Combinable, OrderBy

_LETTERS: Final = ("ёЁ", "еЕ")
_TABLE: Final = str.maketrans(*_LETTERS)
_ENDING: Final = "name"

Term = str | Combinable | OrderBy


def alphabetical(*terms: Term) -> list[Term]:
    """Return terms for `order_by`: fields called names are sorted with Ё as Е, others are left as they are.

    The order is that of an expression, so an index on the bare field does not serve it; these lists are sorted in
    memory anyway, as they join, filter or page over a few thousand rows.
    """
    return [_by_letters(term) if isinstance(term, str) and _is_name(term) else term for term in terms]


def letters(text: str) -> str:
    """Return what a text is sorted by, for lists that are sorted in Python."""
    return text.translate(_TABLE)


def _is_name(term: str) -> bool:
    return term.removeprefix("-").rpartition("__")[2].endswith(_ENDING)


def _by_letters(term: str) -> OrderBy:
    sought, written = _LETTERS
    field = F(term.removeprefix("-"))
    key = Func(field, Value(sought), Value(written), function="translate", output_field=TextField())
    return key.desc() if term.startswith("-") else key.asc()
