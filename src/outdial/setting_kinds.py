"""Kinds of values that settings have: each turns what was written into a value, or says what it had to be."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

Parse = Callable[[object], Any]


class NotUsable(ValueError):
    """A value is not what it has to be; its text completes "must be …"."""


def text(pattern: str, wanted: str) -> Parse:
    """Text of one form."""
    compiled = re.compile(pattern)

    def parse(value: object) -> str:
        if not isinstance(value, str) or not compiled.fullmatch(value):
            raise NotUsable(wanted)
        return value

    return parse


def whole(least: int, most: int) -> Parse:
    """A whole number within bounds, also as digits."""

    def parse(value: object) -> int:
        if isinstance(value, str) and re.fullmatch(r"[0-9]{1,9}", value):
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise NotUsable(f"a whole number from {least} to {most}")
        return value

    return parse


def choice(*choices: str) -> Parse:
    """One of a few words."""

    def parse(value: object) -> str:
        if value not in choices:
            raise NotUsable(f"one of {', '.join(choices)}")
        return str(value)

    return parse


def truth(value: object) -> bool:
    """Yes or no."""
    words = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in words:
        return words[value.lower()]
    raise NotUsable("true or false")


def path(value: object) -> Path:
    """A path, made absolute."""
    if not isinstance(value, str) or not value or "\0" in value:
        raise NotUsable("a path")
    try:
        return Path(value).expanduser().absolute()
    except RuntimeError:
        raise NotUsable("a path that needs no home folder, as there is none") from None


def hosts(value: object) -> tuple[str, ...]:
    """Several addresses or networks."""
    parts = [part.strip() for part in value.split(",")] if isinstance(value, str) else value
    if not isinstance(parts, list) or not all(isinstance(part, str) and HOST.fullmatch(part) for part in parts):
        raise NotUsable("addresses or networks, with commas between")
    return tuple(parts)


HOST = re.compile(r"[A-Za-z0-9.:/_-]{1,255}")
host = text(HOST.pattern, "an address or host name")
port = whole(0, 65535)
