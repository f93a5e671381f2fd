"""Ids of Salesforce records: 15 characters, or 18 of which the last three tell the case of the others. Pure."""

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_PEOPLE = ("003", "00Q")
"""Contacts and leads."""


def is_salesforce_id(text: str) -> bool:
    """Whether a text has the form of an id; with 18 characters, whether its last three are right."""
    if not (text.isascii() and text.isalnum()):
        return False
    return len(text) == 15 or (len(text) == 18 and text[15:] == check_letters(text[:15]))


def check_letters(short: str) -> str:
    """The three that follow the fifteen: one for each five, a bit for each capital letter, lowest first."""
    fives = (short[start : start + 5] for start in (0, 5, 10))
    return "".join(_ALPHABET[sum(1 << place for place, each in enumerate(five) if each.isupper())] for five in fives)


def relation_of(record_id: str) -> str:
    """In which field of a task such a record is named: people are who it is with, all else is what it is about."""
    return "WhoId" if record_id.startswith(_PEOPLE) else "WhatId"
