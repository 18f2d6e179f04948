"""Phone numbers: any of the ways people write them, one way of storing them (E.164)."""

import phonenumbers
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _


def normalise_phone(text: str, *, region: str) -> str:
    """Return the number in E.164.

    `region` is the ISO 3166 country assumed when the text has no country code. Raises ValidationError
    with code `invalid_phone` when no dialable number can be read from the text.
    """
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_valid_number(number):
        raise ValidationError(
            _("This does not look like a phone number. Example: %(example)s"),
            code="invalid_phone",
            params={"example": example_phone(region)},
        )
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def display_phone(e164: str) -> str:
    """Return the number grouped the way its own country writes it, with the country code; unchanged if unreadable."""
    try:
        number = phonenumbers.parse(e164, None)
    except phonenumbers.NumberParseException:
        return e164
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def example_phone(region: str) -> str:
    """Return a number of the region's own shape that a person can imitate."""
    number = phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE)
    if number is None:
        return "+44 7400 123456"
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
