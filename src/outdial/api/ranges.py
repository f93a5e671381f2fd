"""Byte ranges of a file (RFC 9110): which stretch a request asks for. Must not know what is in it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_BYTES = re.compile(r"bytes=(?:(\d{1,18})-(\d{0,18})|-(\d{1,18}))", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Stretch:
    """From one byte up to another, not included, of so many."""

    start: int
    stop: int
    size: int

    @property
    def content_range(self) -> str:
        """As the header has it."""
        return f"bytes {self.start}-{self.stop - 1}/{self.size}"


class NotSatisfiable(Exception):
    """The stretch that is asked for lies beyond the end."""


def asked(headers: Mapping[str, str], size: int, etag: str) -> Stretch | None:
    """The one stretch that a request asks for; none where it is to be given all.

    More than one stretch at a time is not given, nor what is no range at all: both get all, as the RFC allows. So
    does a range of another state of the file (`If-Range`).

    Raises:
        NotSatisfiable: it begins beyond the end, or has no length.
    """
    found = _BYTES.fullmatch(headers.get("range", "").replace(" ", ""))
    if found is None or headers.get("if-range", etag) != etag:
        return None
    first, last, tail = found.groups()
    if tail is not None:
        start, stop = max(0, size - int(tail)), size
    else:
        start, stop = int(first), min(size, int(last) + 1) if last else size
        if last and int(last) < start:
            return None
    if start >= stop:
        raise NotSatisfiable
    return Stretch(start, stop, size)
