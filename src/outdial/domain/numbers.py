"""Telephone numbers: what a caller wrote, as E.164, and what kind of number that is. The numbering plan is a library's.

Must not know accounts. Answers are remembered, for the same few numbers are asked about over and over.
"""

import re
from enum import StrEnum
from functools import lru_cache

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType

from outdial.domain.refusals import EmergencyNumber, InvalidNumber

_WRITTEN = re.compile(r"\+?[0-9 .()\[\]-]*[0-9][0-9 .()\[\]-]*")
_SHORT = 6
"""Longest code of emergency services. To the plan other short codes are no numbers; what some countries' subscribers
have, as short as it is, is one."""


class Kind(StrEnum):
    """What a number costs to call, as far as policy asks."""

    ORDINARY = "ordinary"
    PREMIUM = "premium"
    """Premium rate, shared cost, personal numbers (whose owner sets the price), and networks outside any country
    (satellite, international)."""


_PREMIUM_TYPES = {PhoneNumberType.PREMIUM_RATE, PhoneNumberType.SHARED_COST, PhoneNumberType.PERSONAL_NUMBER}


def parse_number(text: str, country: str) -> str:
    """A number as written, as E.164. `country` (ISO 3166 alpha-2) is where national numbers are understood.

    Raises:
        EmergencyNumber: it reaches emergency services in that country.
        InvalidNumber: it can't be dialled.
    """
    found = _parse(text, country)
    if found is None:
        raise InvalidNumber(member="to.telephoneNumber")
    if found == "":
        raise EmergencyNumber(member="to.telephoneNumber")
    return found


@lru_cache(maxsize=4096)
def country_of(e164: str) -> str | None:
    """ISO 3166 alpha-2 code of a number's country; none for networks outside any country."""
    region = phonenumbers.region_code_for_number(phonenumbers.parse(e164))
    return region if region and region.isalpha() else None


@lru_cache(maxsize=4096)
def kind_of(e164: str) -> Kind:
    """What kind of number it is."""
    if country_of(e164) is None or phonenumbers.number_type(phonenumbers.parse(e164)) in _PREMIUM_TYPES:
        return Kind.PREMIUM
    return Kind.ORDINARY


def country_exists(code: str) -> bool:
    """Whether the numbering plan knows a country by its ISO 3166 alpha-2 code."""
    return code in phonenumbers.SUPPORTED_REGIONS


@lru_cache(maxsize=4096)
def _parse(text: str, country: str) -> str | None:
    """E.164; nothing for what can't be dialled, and an empty text for emergency services."""
    if not text.isascii() or not _WRITTEN.fullmatch(text.strip()):
        return None
    digits = re.sub(r"\D", "", text)
    if len(digits) <= _SHORT and phonenumbers.connects_to_emergency_number(digits, country):
        return ""
    try:
        number = phonenumbers.parse(text, country)
    except NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number) or number.extension:
        return None
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)
