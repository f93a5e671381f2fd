"""Kept recordings as they are asked for: found, heard, held, erased; each access and change in the ledger first.

Must not know who may ask; that is the API's.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any
from uuid import uuid4

from outdial.calls.ports import Clock
from outdial.calls.recording_library import Audio, Finding, Form, Hearing, Selection, Verified
from outdial.calls.recording_store import Change, Ledger, RecordingFilter, RecordingStore
from outdial.domain.ledger import Entry, Kind, Record
from outdial.domain.recordings import KeptRecording, State
from outdial.recordings import erasure, peaks, transitions
from outdial.recordings.erasure import Signer
from outdial.recordings.keeper import Keeper
from outdial.recordings.keys import Keys
from outdial.recordings.renditions import Renditions
from outdial.recordings.verification import Verification

_PAGE = 200


class Library:
    """See `calls.recording_library.Recordings`."""

    def __init__(
        self,
        store: RecordingStore,
        ledger: Ledger,
        renditions: Renditions,
        keeper: Keeper,
        keys: Keys,
        verification: Verification,
        signer: Signer,
        clock: Clock,
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._renditions = renditions
        self._keeper = keeper
        self._keys = keys
        self._verification = verification
        self._signer = signer
        self._clock = clock

    async def search(self, account: str, wanted: RecordingFilter, who: str) -> Sequence[KeptRecording]:
        """An account's recordings, newest first. By what was searched is in the ledger, not for what."""
        found = await self._store.search(account, wanted)
        names = ("call_id", "agent_id", "group_id", "number", "reference", "started_from", "started_to")
        by = [name for name in names if getattr(wanted, name) is not None]
        await self._accessed(account, None, who, {"what": "list", "by": by, "found": len(found)})
        return found

    async def find(self, account: str, recording_id: str, who: str) -> KeptRecording | None:
        """One recording's details."""
        kept = await self._store.find(account, recording_id)
        if kept is not None:
            await self._accessed(account, recording_id, who, {"what": "details"})
        return kept

    async def audio(
        self, account: str, recording_id: str, hearing: Hearing | None, form: Form, who: str, asked: str | None = None
    ) -> Audio | None:
        """What is to be heard."""
        kept = await self._store.find(account, recording_id)
        if kept is None:
            return None
        mix = await self._renditions.mix(kept, hearing)
        data = {"what": "audio", "leg": mix.hearing.value, "format": form.value, "range": asked}
        await self._accessed(account, recording_id, who, data)
        return await self._renditions.audio(kept, mix, form)

    async def peaks(
        self, account: str, recording_id: str, hearing: Hearing | None, per_second: int, who: str
    ) -> dict[str, Any] | None:
        """The waveform."""
        kept = await self._store.find(account, recording_id)
        if kept is None:
            return None
        mix = await self._renditions.mix(kept, hearing)
        await self._accessed(account, recording_id, who, {"what": "peaks", "leg": mix.hearing.value})
        return await peaks.peaks(mix, per_second)

    async def hold(self, account: str, selection: Selection, matter: str, who: str) -> Sequence[str]:
        """Put a legal hold on recordings."""
        changed = await self._change(account, selection, transitions.hold(matter, who, self._clock.now()))
        return [kept.id for kept in changed if any(hold.matter == matter for hold in kept.holds)]

    async def release(self, account: str, selection: Selection, matter: str, who: str) -> Sequence[str]:
        """Take it off."""
        found = [kept.id async for kept in self._selected(account, selection) if _bears(kept, matter)]
        for recording_id in found:
            await self._store.change(account, recording_id, transitions.release(matter, who, self._clock.now()))
        return found

    async def erase(self, account: str, selection: Selection, reason: str, who: str) -> dict[str, Any]:
        """Erase recordings that no hold protects; the certificate."""
        now = self._clock.now()
        certificate_id = str(uuid4())
        why = {"by": selection.by, "reason": reason, "certificate": certificate_id}
        changed = await self._change(account, selection, transitions.delete(Kind.ERASED, who, why, now))
        erased = [await self._gone(kept) for kept in changed if not kept.holds]
        held = [kept for kept in changed if kept.holds]
        if selection.whole_account and not held:
            await self._keys.destroy_account(account, who)
        asked = {"at": now, "by": who, "selectedBy": selection.by, "reason": reason}
        certificate = self._signer.signed(erasure.content_of(certificate_id, account, erased, held, asked))
        proof = {"certificate": certificate_id, "sha256": erasure.hash_of(certificate), "erased": len(erased)}
        await self._ledger.append([Record(Kind.CERTIFIED, account, now, None, who, proof)])
        return certificate

    async def retention_days(self, account: str) -> int:
        """How long recordings are kept."""
        return await self._store.retention_days(account)

    async def set_retention(self, account: str, days: int, who: str) -> None:
        """Set it, for the recordings that are there too."""
        record = Record(Kind.RETENTION_SET, account, self._clock.now(), None, who, {"days": days})
        await self._store.set_retention(account, days, [record])

    async def ledger(self, account: str, after: int, limit: int, call_id: str | None = None) -> Sequence[Entry]:
        """An account's entries."""
        return await self._ledger.entries(account, after, limit, call_id)

    def verify(self, account: str | None, expected: Mapping[str, tuple[int, str]]) -> AsyncIterator[Finding | Verified]:
        """Hold everything against each other."""
        return self._verification.everything(expected) if account is None else self._verification.of(account, expected)

    async def renew_account_key(self, account: str, who: str) -> int:
        """Seal all keys of an account's files with a new one."""
        return await self._keys.renew_account(account, who)

    async def renew_master_key(self, who: str) -> int:
        """Seal every account's key with a new master key."""
        return await self._keys.renew_master(who)

    async def _accessed(self, account: str, recording_id: str | None, who: str, data: dict[str, Any]) -> None:
        await self._ledger.append([Record(Kind.ACCESSED, account, self._clock.now(), recording_id, who, data)])

    async def _change(self, account: str, selection: Selection, change: Change) -> list[KeptRecording]:
        """Change every recording of a selection; what they are then."""
        ids = [kept.id async for kept in self._selected(account, selection)]
        changed = [await self._store.change(account, recording_id, change) for recording_id in ids]
        return [kept for kept in changed if kept is not None]

    async def _selected(self, account: str, selection: Selection) -> AsyncIterator[KeptRecording]:
        """Every recording of a selection that is not gone."""
        before = None
        while True:
            wanted = RecordingFilter(
                call_id=selection.call_id,
                number=selection.number,
                reference=selection.reference,
                before=before,
                limit=_PAGE,
            )
            page = await self._store.search(account, wanted)
            for kept in page:
                yield kept
            if len(page) < _PAGE:
                return
            before = page[-1].id

    async def _gone(self, kept: KeptRecording) -> KeptRecording:
        """The recording once its files are removed, or could not be for now."""
        self._keeper.wake(kept.recording.account, kept.id)
        await self._keeper.rested(kept.recording.account, kept.id)
        after = await self._store.find(kept.recording.account, kept.id)
        return kept if after is None or after.state is State.DELETING else after


def _bears(kept: KeptRecording, matter: str) -> bool:
    return any(hold.matter == matter for hold in kept.holds)
