"""Texts with places to be filled in: `Outbound ${application} call to ${number}`. Values are text, and nothing is run.

`$$` is a dollar sign. How a value is escaped is for whoever fills it in.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping

from outdial.domain.refusals import BadRequest

_PLACE = re.compile(r"\$(?:(?P<dollar>\$)|\{(?P<name>[A-Za-z0-9]{1,40})\}|(?P<wrong>))")
Escape = Callable[[str], str]


class UnusableTemplate(BadRequest):
    """A template names something that there is not, or has a dollar sign that begins nothing."""

    def __init__(self, member: str, why: str) -> None:
        super().__init__(f"{member} can't be used: {why}", member=member)


def check_template(text: str, names: Collection[str], member: str) -> None:
    """Raises UnusableTemplate where it could not be filled in with values of these names."""
    for place in _PLACE.finditer(text):
        if place["wrong"] is not None:
            raise UnusableTemplate(member, "a dollar sign must begin a name as in ${number}, or be written $$")
        if place["name"] is not None and place["name"] not in names:
            raise UnusableTemplate(member, f"there is no {place['name']}; there are {', '.join(names)}")


def names_in(text: str) -> set[str]:
    """What a template asks for."""
    return {place["name"] for place in _PLACE.finditer(text) if place["name"] is not None}


def filled(text: str, values: Mapping[str, str], escape: Escape = str) -> str:
    """A template that was checked, with its values."""
    return "".join(piece if literal else escape(values[piece]) for literal, piece in _pieces(text))


def sentence(text: str, values: Mapping[str, str]) -> str:
    """The same in one line for people: an empty value takes one of the blanks beside it with it."""
    told = ""
    swallows = False
    for literal, piece in _pieces(text):
        found = piece if literal else " ".join(values[piece].split())
        told += found.removeprefix(" ") if swallows and literal else found
        swallows = not literal and not found and (not told or told.endswith(" "))
    return told.strip()


def _pieces(text: str) -> Iterator[tuple[bool, str]]:
    """The text in order: whether each piece is literal, and it or its name."""
    end = 0
    for place in _PLACE.finditer(text):
        yield True, text[end : place.start()] + ("$" if place["dollar"] else "")
        if place["name"] is not None:
            yield False, place["name"]
        end = place.end()
    yield True, text[end:]
