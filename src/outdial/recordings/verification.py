"""Holds audio, ledger and database against each other, and names exactly what is wrong.

Reads only. A recording on its way is looked at twice before anything is said of it: it may just have moved on.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass

import structlog

from outdial.calls.recording_library import Finding, Verified
from outdial.calls.recording_store import Ledger, RecordingStore
from outdial.calls.recordings import Damaged, PlaceUnusable, RecordDamaged
from outdial.domain.ledger import MISSING, Chain, Fault
from outdial.domain.recordings import READABLE, KeptFile, KeptRecording, State, UnreadableRecord
from outdial.domain.refusals import Refusal
from outdial.recordings.decisions import Decisions
from outdial.recordings.objects import Objects
from outdial.recordings.places import LocalFiles, name_of
from outdial.recordings.proofs import Said, Told, differences
from outdial.recordings.reading import PIECE, Reading, context_of
from outdial.recordings.sealing import HEADER_SIZE, TAG_SIZE, Seal, chunks_of
from outdial.recordings.spool import Spool

_PAGE = 1_000
_UNREADABLE = "unreadable-record"
CLEARED_SECONDS = 1.0
"""How soon after a recording was kept its audio has gone from the spool."""
_log = structlog.get_logger()


@dataclass(slots=True)
class _Count:
    entries: int = 0
    recordings: int = 0
    files: int = 0
    size: int = 0
    unproved: int = 0


class Verification:
    """Verifies one account, or all."""

    def __init__(
        self,
        store: RecordingStore,
        ledger: Ledger,
        reading: Reading,
        spool: Spool,
        local: LocalFiles,
        objects: Objects | None,
        decisions: Decisions,
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._reading = reading
        self._spool = spool
        self._local = local
        self._objects = objects
        self._decisions = decisions

    async def everything(self, expected: Mapping[str, tuple[int, str]]) -> AsyncIterator[Finding | Verified]:
        """Every account that has recordings or entries, and whatever lies there that is no account's."""
        accounts = sorted({*await self._ledger.accounts(), *expected})
        for account in accounts:
            try:
                async for found in self.of(account, expected):
                    yield found
            except Refusal:
                raise
            except Exception as error:  # noqa: BLE001 -- whatever one account's rows are, the others are looked at
                _log.exception("an account could not be verified", account=account)
                yield Finding(account, _UNREADABLE, account, f"not verified to its end: {_kind_of(error)}")
        async for name in self._local.names(""):
            if name.split("/")[0] not in accounts:
                yield Finding("", "extra-file", f"local disk: {name}", "it belongs to no account")
        for call_id in await asyncio.to_thread(self._spool.ids):
            if await asyncio.to_thread(self._spool.about, call_id) is None:
                yield Finding("", "extra-file", f"spool: {call_id}", "nothing says what was recorded there")

    async def of(self, account: str, expected: Mapping[str, tuple[int, str]]) -> AsyncIterator[Finding | Verified]:
        """One account: first what is wrong, then what was looked at."""
        count, told = _Count(), Told()
        async for finding in self._chain(account, expected.get(account), told, count):
            yield finding
        async for finding in self._records(account, told, count):
            yield finding
        async for finding in self._decisions.differences(account, told):
            yield finding
        for key in await self._store.keys(account):
            if key.wrapped and key.generation in told.destroyed:
                what = "the ledger says that it was destroyed; it is there"
                yield Finding(account, "changed-record", f"account key {key.generation}", what)
        async for finding in self._extra(account):
            yield finding
        for call_id in await self._plain(account):
            yield Finding(
                account, "plain-audio", f"spool: {call_id}", "it lies there unsealed, although it is not needed"
            )
        head = await self._ledger.head(account)
        yield Verified(account, count.entries, count.recordings, count.files, count.size, head, count.unproved)

    async def _records(self, account: str, told: Told, count: _Count) -> AsyncIterator[Finding]:
        seen: set[str] = set()
        async for kept in self._rows(account):
            seen.add(kept.id)
            count.recordings += 1
            if isinstance(kept, UnreadableRecord):
                yield Finding(account, _UNREADABLE, kept.id, kept.why)
                continue
            said = told.recordings.get(kept.id, Said())
            count.unproved += kept.state is not State.SPOOLED and said.record is None
            for finding in await self._twice(kept, said, told, count):
                yield finding
        async for recording_id, wrong in self._misfiled(account):
            yield Finding(account, "changed-record", recording_id, f"it would be found by another: {wrong}")
        for recording_id in sorted(told.recordings.keys() - seen):
            missing = await self._missing(account, recording_id, told.recordings[recording_id])
            if missing is not None:
                yield Finding(account, "missing-record", recording_id, missing)

    async def _chain(
        self, account: str, expected: tuple[int, str] | None, told: Told, count: _Count
    ) -> AsyncIterator[Finding]:
        chain, matched = Chain(), expected is None
        head, last = await self._ledger.head(account), 0
        while page := await self._ledger.entries(account, last, _PAGE):
            for entry in page:
                count.entries += 1
                for fault in chain.follow(entry):
                    yield _fault(account, fault)
                matched = matched or (entry.seq, entry.hash) == expected
                told.learn(entry)
            last = page[-1].seq
            # After the entries: whatever was added meanwhile is read in the next round.
            head = await self._ledger.head(account)
        for fault in chain.end(head):
            yield _fault(account, fault)
        if not matched and expected is not None:
            what = "the entry is not the one that an earlier verification saw: the ledger was rewritten"
            yield _fault(account, Fault(expected[0], what))

    async def _rows(self, account: str) -> AsyncIterator[KeptRecording | UnreadableRecord]:
        after = ""
        while page := await self._store.of_account(account, after, _PAGE):
            for kept in page:
                yield kept
            after = page[-1].id

    async def _misfiled(self, account: str) -> AsyncIterator[tuple[str, str]]:
        after = ""
        while page := await self._store.misfiled(account, after, _PAGE):
            for recording_id, wrong in page:
                if wrong is not None:
                    yield recording_id, wrong
            after = page[-1][0]

    async def _twice(self, kept: KeptRecording, said: Said, told: Told, count: _Count) -> list[Finding]:
        try:
            return await self._looked_at_twice(kept, said, told, count)
        except Refusal:
            raise
        except RecordDamaged as error:
            why = str(error)
        except Exception as error:  # noqa: BLE001 -- whatever is in one record, the others are looked at
            _log.exception("a recording could not be verified", call=kept.id)
            why = f"not verified to its end: {_kind_of(error)}"
        return [Finding(kept.recording.account, _UNREADABLE, kept.id, why)]

    async def _looked_at_twice(self, kept: KeptRecording, said: Said, told: Told, count: _Count) -> list[Finding]:
        found = await self._recording(kept, said, told, count)
        if not found:
            return []
        again = await self._store.find(kept.recording.account, kept.id)
        if again is None:
            return found
        fresh = Said()
        for entry in await self._ledger.entries(kept.recording.account, 0, 100_000, kept.id):
            fresh.learn(entry)
        while page := await self._ledger.entries(kept.recording.account, told.last, _PAGE):
            for entry in page:
                # Not of recordings: one that came meanwhile would be missed among the records read before.
                told.learn_of_account(entry)
        return await self._recording(again, fresh, told, _Count())

    async def _recording(self, kept: KeptRecording, said: Said, told: Told, count: _Count) -> list[Finding]:
        account = kept.recording.account

        def finding(code: str, detail: str, subject: str = kept.id) -> Finding:
            return Finding(account, code, subject, detail)

        found = [finding(code, detail) for code, detail in differences(kept, said, told.retention)]
        if kept.state in (*READABLE, State.FAILED):
            for file in kept.sealed:
                count.files += 1
                try:
                    name = name_of(kept.recording, file.label)
                except Damaged as error:
                    found.append(finding(_UNREADABLE, str(error)))
                    continue
                problem = await self._file(kept, file, name, count)
                if problem is not None:
                    found.append(finding(problem[0], problem[1], f"{self._where(kept, file)}: {name}"))
        return found

    async def _missing(self, account: str, recording_id: str, said: Said) -> str | None:
        """What the ledger says of a recording that no record was seen of, and that should be there."""
        if said.kept:
            return "the ledger says that it was kept; no record does"
        if not said.begun or said.failed:
            return None
        # A call that lives has its recording in the spool; one that has just ended is on record by now.
        under_way = recording_id in await asyncio.to_thread(self._spool.ids)
        known = under_way or await self._on_record(account, recording_id)
        return None if known else "the ledger says that it was begun; nothing of it is there"

    async def _on_record(self, account: str, recording_id: str) -> bool:
        try:
            return await self._store.find(account, recording_id) is not None
        except RecordDamaged:
            return True

    async def _file(self, kept: KeptRecording, file: KeptFile, name: str, count: _Count) -> tuple[str, str] | None:
        """What is wrong with a file: read whole, compared, opened, and compared once more."""
        try:
            place = self._reading.place_of(kept, file)
            size = await place.size(name)
            if size is None:
                return "missing-file", "the file is missing"
            if size != file.sealed_size:
                return "changed-file", f"it has {size} bytes instead of {file.sealed_size}"
            sealed, plain = hashlib.sha256(), hashlib.sha256()
            head = await place.read(name, 0, HEADER_SIZE)
            sealed.update(head)
            seal = Seal(await self._reading.key_of(kept, file), context_of(kept.recording, file.label), head)
            step = PIECE + PIECE // seal.chunk_size * TAG_SIZE
            for number, start in enumerate(range(HEADER_SIZE, size, step)):
                data = await place.read(name, start, min(step, size - start))
                count.size += len(data)
                sealed.update(data)
                for piece in seal.opened(data, number * (PIECE // seal.chunk_size), chunks_of(size)):
                    plain.update(piece)
            if (sealed.hexdigest(), plain.hexdigest()) != (file.sealed_sha256, file.sha256):
                return "changed-file", "its hash is not the one on record"
        except Damaged as error:
            return "changed-file", str(error)
        except PlaceUnusable as error:
            return "unreadable-file", str(error)
        return None

    async def _extra(self, account: str) -> AsyncIterator[Finding]:
        """Files that no record knows of."""
        places: list[tuple[str, AsyncIterator[str], Callable[[State], bool]]] = [
            ("local disk", self._local.names(account), lambda state: state is not State.REMOTE and state in READABLE)
        ]
        if self._objects is not None:
            remote = (State.UPLOADING, State.UPLOADED, State.REMOTE)
            places.append(("object store", self._objects.names(account), lambda state: state in remote))
        for where, names, belongs in places:
            try:
                async for name in names:
                    if not await self._known(account, name, belongs):
                        yield Finding(account, "extra-file", f"{where}: {name}", "no recording has this file")
            except PlaceUnusable as error:
                yield Finding(account, "unreadable-place", where, str(error))

    async def _plain(self, account: str) -> Sequence[str]:
        """The calls of which there is still what the switch wrote, although their recordings are kept, or gone."""
        found = await self._kept_in_spool(account)
        if found:
            await asyncio.sleep(CLEARED_SECONDS)
            found &= await self._kept_in_spool(account)
        return sorted(found)

    async def _kept_in_spool(self, account: str) -> set[str]:
        found = set()
        for call_id in await asyncio.to_thread(self._spool.ids):
            kept = await self._store.find(account, call_id)
            if kept is not None and kept.state is not State.SPOOLED:
                found.add(call_id)
        return found

    async def _known(self, account: str, name: str, belongs: Callable[[State], bool]) -> bool:
        parts = name.split("/")
        try:
            kept = await self._store.find(account, parts[-2]) if len(parts) > 1 else None
            return kept is not None and self._owns(kept, name, belongs)
        except Damaged:
            # Which files it has can't be said; that it can't is a finding of its own.
            return True

    def _owns(self, kept: KeptRecording, name: str, belongs: Callable[[State], bool]) -> bool:
        # On its way in, or out, a file may lie there that is on no record any more, or not yet.
        moving = kept.state in (State.SPOOLED, State.DELETING, State.UPLOADED)
        own = any(name == name_of(kept.recording, file.side) for file in kept.files)
        # What was set aside stays on the local disk; nothing in the object store has such a name.
        aside = any(name == name_of(kept.recording, file.label) for file in kept.set_aside)
        return moving or (own and belongs(kept.state)) or (aside and kept.state is not State.DELETED)

    def _where(self, kept: KeptRecording, file: KeptFile) -> str:
        return "object store" if kept.state is State.REMOTE and not file.set_aside else "local disk"


def _kind_of(error: Exception) -> str:
    """An error as it may be told: its text could be anything."""
    return f"{type(error).__name__}; the log says more"


def _fault(account: str, fault: Fault) -> Finding:
    code = "changed-entry" if "was changed" in fault.what else "broken-chain"
    code = "missing-entry" if fault.what in MISSING else code
    subject = f"ledger entry {fault.seq}" if fault.last is None else f"ledger entries {fault.seq} to {fault.last}"
    return Finding(account, code, subject, fault.what)
