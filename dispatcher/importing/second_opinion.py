"""What libphonenumber thinks of a number that our own rules repaired or refused.

Never the first word: it refuses real mobiles (055x) and takes old Hải Phòng landlines for mobiles.
Loaded only when a list has such numbers; a plain one is never asked about.
"""

from __future__ import annotations

from dispatcher.domain.phone import carrier_of


def doubts(e164: str) -> bool:
    """True where it knows no such mobile and our table has no network for its head either."""
    import phonenumbers

    number = phonenumbers.parse(e164, None)
    kinds = (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE)
    known = phonenumbers.is_valid_number(number) and phonenumbers.number_type(number) in kinds
    return not known and carrier_of(e164) is None


def finds(text: str) -> str | None:
    """A Vietnamese mobile in a cell that we could not read, as it is dialled; a hint, no more."""
    import phonenumbers

    for match in phonenumbers.PhoneNumberMatcher(text, "VN"):
        number = match.number
        if (
            number.country_code == 84
            and phonenumbers.number_type(number) == phonenumbers.PhoneNumberType.MOBILE
        ):
            return f"0{number.national_number}"
    return None
