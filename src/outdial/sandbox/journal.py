"""What the far end has seen of each call: who called whom, with which caller id, and how it ended."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import parse_qs


@dataclass(frozen=True, slots=True)
class Heard:
    """One INVITE as the far end took it: headers as they stood on the wire, times in milliseconds since the epoch."""

    channel: str
    called: str
    """The user part of the request: a phone's SIP user, or a number."""
    from_header: str
    asserted_identity: str
    privacy: str
    sip_call_id: str
    called_at: int
    answered_at: int | None = None
    ended_at: int | None = None
    cause: int | None = None


def read_journal(path: Path) -> list[Heard]:
    """Every call so far, in the order in which they came in."""
    if not path.exists():
        return []
    return calls_in(path.read_text(encoding="utf-8", errors="replace").splitlines())


def calls_in(lines: Iterable[str]) -> list[Heard]:
    """Put the lines of each channel together. A line that isn't whole yet is left for the next reading."""
    calls: dict[str, Heard] = {}
    for line in lines:
        note = {name: values[0] for name, values in parse_qs(line, keep_blank_values=True).items()}
        event, channel = note.get("event"), note.get("channel", "")
        if event == "called" and "sip_call" in note:
            calls[channel] = _called(note)
        elif event == "answered" and channel in calls:
            calls[channel] = replace(calls[channel], answered_at=int(note["at"]))
        elif event == "ended" and channel in calls and "cause" in note:
            cause = int(note["cause"]) if note["cause"].isdigit() else None
            calls[channel] = replace(calls[channel], ended_at=int(note["at"]), cause=cause)
    return list(calls.values())


def _called(note: dict[str, str]) -> Heard:
    return Heard(
        channel=note["channel"],
        called=note["called"],
        from_header=note["from"],
        asserted_identity=note["asserted"],
        privacy=note["privacy"],
        sip_call_id=note["sip_call"],
        called_at=int(note["at"]),
    )
