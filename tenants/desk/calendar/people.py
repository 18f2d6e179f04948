"""Finding a patient while a visit is booked in the calendar's panel."""

from typing import Final

from django.db.models import Q

from tenants.patients.models import Patient

LIMIT: Final = 8
_FEWEST: Final = 2


def find_people(text: str) -> list[Patient]:
    """Return up to `LIMIT` patients whom a few letters or digits mean: names, phone, date of birth. One query."""
    words = text.replace("\x00", "").split()
    if sum(len(word) for word in words) < _FEWEST:
        return []
    digits = "".join(letter for letter in text if letter.isdigit())
    if digits and not any(word.strip("+-().").isalpha() for word in words):
        # A Russian number may be typed with 8 instead of +7.
        found = Q(phone__contains=digits.removeprefix("8") if len(digits) > 1 else digits)
        found |= Q(search_text__contains=digits)
    else:
        found = Q()
        for word in words:
            found &= (
                Q(last_name__istartswith=word)
                | Q(first_name__istartswith=word)
                | Q(middle_name__istartswith=word)
                | Q(search_text__contains=word.lower())
            )
    return list(Patient.objects.filter(found).order_by("last_name", "first_name", "pk")[:LIMIT])
