"""Tells the ledger the hash of a recording's record with each thing that rightly changes it. Pure."""

from dataclasses import replace

from outdial.calls.recording_store import Change
from outdial.domain.recording_proof import proof_of
from outdial.domain.recordings import KeptRecording
from outdial.recordings.transitions import Changed


def proved(change: Change, salt: str = "") -> Change:
    """The same change, its entries with the hash of what the record is then; a record without a salt is given this."""

    def done(kept: KeptRecording) -> Changed:
        changed = change(kept)
        if changed is None:
            return None
        after, records = changed
        if salt and not after.salt:
            after = replace(after, salt=salt)
        proof = proof_of(after)
        if proof is None:
            return after, records
        said = {"record": proof, "retainUntil": after.retain_until}
        return after, [replace(record, data={**record.data, **said}) for record in records]

    return done
