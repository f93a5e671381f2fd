"""Whether the evidence of a recording is what was signed, hangs together, and says of itself what its ledger says.

Needs nothing but the file and the public key.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

from cryptography.exceptions import InvalidSignature

from outdial.domain.consent import RecordingDecision, decision_of
from outdial.domain.ledger import BEGINNING, Entry, entry_of
from outdial.domain.recording_records import decision_told
from outdial.domain.recording_told import consents_told, pauses_told
from outdial.recordings.erasure import key_of
from outdial.recordings.evidence import ABOUT, AUDIO, KEY, LEDGER, SIGNATURE, STATEMENT, SUMS
from outdial.recordings.proofs import Said

_PIECE = 1 << 20
_UNLISTED = {SUMS, STATEMENT, SIGNATURE, KEY}


class NoEvidence(Exception):
    """The file is none that `evidence` made. One line for people."""


@dataclass(slots=True)
class Checked:
    """What evidence says, and everything that is wrong with it."""

    statement: dict[str, Any]
    faults: list[str] = field(default_factory=list)
    legs: list[str] = field(default_factory=list)
    entries: int = 0
    """Of the call."""
    chained: int = 0
    """In all."""


def check(path: Path, public_key: str) -> Checked:
    """Check all of it.

    Raises:
        NoEvidence: it is something else.
        ValueError: the key is none.
        OSError: it can't be read.
    """
    key = key_of(public_key)
    try:
        with ZipFile(path) as bundle:
            raw = bundle.read(STATEMENT)
            checked = Checked(json.loads(raw))
            try:
                key.verify(bundle.read(SIGNATURE), raw)
            except InvalidSignature:
                checked.faults.append("the statement is NOT what this key signed")
            checked.faults += _files(bundle, checked.statement)
            said = _ledger(bundle, checked)
            _audio(bundle, said, checked)
            checked.faults += _about(json.loads(bundle.read(ABOUT)), said)
            return checked
    except (BadZipFile, KeyError, ValueError, TypeError, AttributeError, EOFError):
        raise NoEvidence(f"{path}: is no evidence, or is damaged") from None


def _files(bundle: ZipFile, statement: dict[str, Any]) -> Iterator[str]:
    """Every file is as the list says, and the list as the statement."""
    sums = bundle.read(SUMS)
    if hashlib.sha256(sums).hexdigest() != statement["sha256sums"]:
        yield f"{SUMS} is not the one that the statement names"
    listed = {name: digest for digest, _, name in (line.partition("  ") for line in sums.decode().splitlines())}
    there = bundle.namelist()
    for name in sorted(listed.keys() - set(there)):
        yield f"{name} is missing"
    for name in there:
        if name in _UNLISTED:
            continue
        if name not in listed or there.count(name) > 1:
            yield f"{name} does not belong to it"
        elif _hash(bundle, name) != listed[name]:
            yield f"{name} was changed"


def _ledger(bundle: ZipFile, checked: Checked) -> Said:
    """What the ledger says of the recording; on the way, that it leads to the head that was signed."""
    statement, said, last = checked.statement, Said(), None
    with bundle.open(LEDGER) as file:
        for line in file:
            entry = entry_of(line.decode().removesuffix("\n"))
            checked.chained += 1
            if not _continues(last, entry) or entry.account != statement["account"]:
                checked.faults.append(f"the ledger's chain is broken at entry {entry.seq}")
            last = entry
            if entry.call_id == statement["recording"]:
                checked.entries += 1
                said.learn(entry)
    head = statement["head"]
    if last is None or (last.seq, last.hash) != (head["seq"], head["hash"]):
        checked.faults.append("the ledger does not lead to the head that was signed")
    return said


def _continues(last: Entry | None, entry: Entry) -> bool:
    if last is None:
        return entry.seq > 1 or entry.previous == BEGINNING
    return (entry.seq, entry.previous) == (last.seq + 1, last.hash)


def _audio(bundle: ZipFile, said: Said, checked: Checked) -> None:
    """Each leg is the one that was kept, and could rightly be recorded."""
    there = set(bundle.namelist())
    for side in ("agent", "party"):
        kept, name = said.kept.get(side), AUDIO.format(side)
        if name not in there:
            if kept is not None and said.gone_at is None:
                checked.faults.append(f"{name} is missing, which the ledger says was kept")
            continue
        checked.legs.append(side)
        if kept is None or kept.get("sha256") != _hash(bundle, name):
            checked.faults.append(f"{name} is not what the ledger says was kept")
        if side not in said.replay.allowed or side in said.replay.wrongly:
            checked.faults.append(f"{name} was recorded, which no decision or consent in the ledger permits")


def _about(about: dict[str, Any], said: Said) -> Iterator[str]:
    """What is told of the recording is what the ledger says of it."""
    replay = said.replay
    if about["consents"] != consents_told(replay.consents):
        yield f"{ABOUT} has other consents than the ledger"
    if about["pauses"] != pauses_told(replay.pauses):
        yield f"{ABOUT} has other pauses than the ledger"
    if replay.decided is None or _bare(replay.decided) != _bare(decision_of(about["decision"])):
        yield f"{ABOUT} has another decision than the ledger"


def _bare(decision: RecordingDecision) -> dict[str, Any]:
    """What the ledger is told of a decision, without the inputs that played no part."""
    said = decision_told(decision)
    return said | {"inputs": {name: value for name, value in said["inputs"].items() if value is not None}}


def _hash(bundle: ZipFile, name: str) -> str:
    digest = hashlib.sha256()
    with bundle.open(name) as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()
