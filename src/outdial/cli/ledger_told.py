"""The ledger's entries, each in one line for people. Pure; knows the API's members and no more."""

import json
from collections.abc import Callable, Iterable
from typing import Any

from outdial.cli.recording_told import ACTS, KEYS, LEGS
from outdial.cli.told import moment

Item = dict[str, Any]
_SIDES = {"agent": "the agent's leg", "party": "the other side's leg"}


def entry_told(entry: Item) -> str:
    """An entry of the ledger in one line: its number, when, of which call, who, what."""
    details = entry["details"]
    try:
        what = _ENTRIES[entry["kind"]](details)
    except (KeyError, TypeError, AttributeError):
        # Of another version than this one.
        what = f"{entry['kind']} {json.dumps(details, ensure_ascii=False)}"
    told = "told " if entry["kind"].startswith("consent.") else ""
    who = f", {told}by {entry['who']}" if entry["who"] else ""
    return f"{entry['seq']:>6}  {moment(entry['at'])}  {entry['callId'] or '-':<36}  {what}{who}"


def _sides(sides: Iterable[str]) -> str:
    return " and ".join(_SIDES.get(side, side) for side in sides)


def _decided(said: Item) -> str:
    later = said["legsAfterConsent"] if "legsAfterConsent" in said else said["afterConsent"]
    more = f", once the other side has agreed {LEGS[later]}" if later != said["legs"] else ""
    return f"decided: recorded is {LEGS[said['legs']]}{more} ({said['rule']})"


def _consent(act: str) -> Callable[[Item], str]:
    def told(said: Item) -> str:
        key = f" ({KEYS[act]})" if said.get("way") == "dtmf" and act in KEYS else ""
        return f"the other side {ACTS[act]}{key}"

    return told


def _stopped(said: Item) -> str:
    return f"{_sides(said['sides'])} stopped: {said['why']}"


def _kept(said: Item) -> str:
    what = said.get("setAside") or _SIDES.get(said.get("side", ""), "a file")
    return f"{what} sealed and kept, SHA-256 {said.get('sha256', '-')}"


def _accessed(said: Item) -> str:
    match said.get("what"):
        case "audio":
            return f"heard: {said['leg']}, {said['format']}, {said['range'] or 'all'}"
        case "list":
            return f"searched by {', '.join(said['by']) or 'nothing'}: {said['found']} found"
        case "peaks":
            return f"waveform of {said['leg']} seen"
        case "evidence":
            return f"evidence made, with the audio of {_sides(said['legs']) or 'no leg'}"
    return f"{said.get('what', 'something')} read"


def _of(sentence: str, *names: str) -> Callable[[Item], str]:
    return lambda said: sentence.format(*(said.get(name, "-") for name in names))


_ENTRIES: dict[str, Callable[[Item], str]] = {
    "recording.decided": _decided,
    "consent.given": _consent("given"),
    "consent.refused": _consent("refused"),
    "consent.withdrawn": _consent("withdrawn"),
    "recording.started": lambda said: f"{_sides(said['sides'])} begun",
    "recording.paused": _of("paused"),
    "recording.resumed": lambda said: "resumed" + (f": {said['why']}" if "why" in said else ""),
    "recording.stopped": _stopped,
    "recording.failed": _of("failed: {}", "what"),
    "file.kept": _kept,
    "file.uploaded": lambda said: f"{_SIDES.get(said.get('side', ''), 'a file')} moved to the object store",
    "recording.accessed": _accessed,
    "recording.held": _of("held for {}", "matter"),
    "recording.released": _of("released from {}", "matter"),
    "recording.erased": _of("erased: {} (certificate {})", "reason", "certificate"),
    "erasure.ordered": _of("to be erased once its call has ended: {} (certificate {})", "reason", "certificate"),
    "recording.expired": _of("deleted as its retention was over"),
    "erasure.certified": _of("certificate {} issued, {} erased", "certificate", "erased"),
    "retention.set": _of("retention set to {} days", "days"),
    "key.rotated": _of("the account's key renewed"),
    "key.destroyed": _of("a key of the account destroyed"),
}
