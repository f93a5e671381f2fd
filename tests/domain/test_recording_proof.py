"""The hash of a recording's record: it changes with whatever must not change, and with nothing else."""

from dataclasses import replace

import pytest

from outdial.domain.legs import Side
from outdial.domain.recording_proof import proof_of
from outdial.domain.recordings import CallRecording, Hold, KeptFile, KeptRecording, Pause, SpoolFile, State

RECORDING = CallRecording("c1", "ours", "1", 5, (SpoolFile(Side.AGENT, 5),), number="+442079460123")
FILE = KeptFile(Side.AGENT, 1_000, 16_044, "a" * 64, 16_100, "b" * 64, "key", 1)
KEPT = KeptRecording(RECORDING, State.KEPT, (FILE,), salt="salt")
CHANGED = {
    "number": replace(KEPT, recording=replace(RECORDING, number="+442079460124")),
    "pause": replace(KEPT, recording=replace(RECORDING, pauses=(Pause(1, 2),))),
    "file": replace(KEPT, files=(replace(FILE, length_ms=999),)),
    "fewer files": replace(KEPT, files=()),
    "hold": replace(KEPT, holds=(Hold("case 7", 5),)),
    "salt": replace(KEPT, salt="another"),
}
SAME = {
    "state": replace(KEPT, state=State.REMOTE),
    "revision": replace(KEPT, revision=3),
    "retention": replace(KEPT, retain_until=9),
    "renewed key": replace(KEPT, files=(replace(FILE, wrapped_key="another", key_generation=2),)),
}


@pytest.mark.parametrize("other", CHANGED.values(), ids=CHANGED)
def test_another_record_has_another_hash(other: KeptRecording) -> None:
    assert proof_of(other) not in (None, proof_of(KEPT))


@pytest.mark.parametrize("other", SAME.values(), ids=SAME)
def test_what_may_change_by_itself_is_not_in_it(other: KeptRecording) -> None:
    assert proof_of(other) == proof_of(KEPT)


def test_a_record_that_names_somebody_has_none_without_a_salt() -> None:
    assert proof_of(replace(KEPT, salt="")) is None
    gone = replace(KEPT, salt="", state=State.DELETING, recording=replace(RECORDING, number=None))
    assert proof_of(gone) == proof_of(replace(gone, state=State.DELETED)) is not None


def test_the_hash_stays_what_it_is_from_version_to_version() -> None:
    """Members that have their defaults are left out: one more in a later version changes nothing."""
    assert proof_of(KEPT) == "1c2e3e1401e0895db81f2f74119c1767398b52e232c594e080e87f595054800f"
