"""Holds audio, ledger and database against each other, and names exactly what is wrong.

Reads only. A recording on its way is looked at twice before anything is said of it: it may just have moved on.
"""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from outdial.calls.recording_library import Finding, Verified
from outdial.calls.recording_store import Ledger, RecordingStore
from outdial.calls.recordings import Damaged, PlaceUnusable
from outdial.domain.ledger import Chain, Entry, Kind
from outdial.domain.legs import Side
from outdial.domain.recordings import READABLE, KeptFile, KeptRecording, State
from outdial.recordings.objects import Objects
from outdial.recordings.places import LocalFiles, name_of
from outdial.recordings.reading import PIECE, Reading, context_of
from outdial.recordings.sealing import HEADER_SIZE, TAG_SIZE, Seal, chunks_of
from outdial.recordings.spool import Spool

_PAGE = 1_000


@dataclass(slots=True)
class _Proofs:
    """What the ledger says of one recording."""

    kept: dict[str, dict[str, Any]] = field(default_factory=dict)
    """For each leg, what its entry says of the file."""
    begun: bool = False
    failed: bool = False
    uploaded: set[str] = field(default_factory=set)
    matters: set[str] = field(default_factory=set)
    gone: bool = False

    def learn(self, entry: Entry) -> None:
        try:
            data = json.loads(entry.data)
        except ValueError:
            # Whatever was made of it, the chain has told.
            return
        match entry.kind:
            case Kind.KEPT:
                self.kept[data.get("setAside") or data.get("side", "")] = data
            case Kind.STARTED:
                self.begun = True
            case Kind.FAILED:
                self.failed = True
            case Kind.UPLOADED:
                self.uploaded.add(data.get("side", ""))
            case Kind.HELD:
                self.matters.add(data.get("matter", ""))
            case Kind.RELEASED:
                self.matters.discard(data.get("matter", ""))
            case Kind.ERASED | Kind.EXPIRED:
                self.gone = True


@dataclass(slots=True)
class _Count:
    entries: int = 0
    recordings: int = 0
    files: int = 0
    size: int = 0


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
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._reading = reading
        self._spool = spool
        self._local = local
        self._objects = objects

    async def everything(self, expected: Mapping[str, tuple[int, str]]) -> AsyncIterator[Finding | Verified]:
        """Every account that has recordings or entries, and whatever lies there that is no account's."""
        accounts = sorted({*await self._ledger.accounts(), *expected})
        for account in accounts:
            async for found in self.of(account, expected):
                yield found
        async for name in self._local.names(""):
            if name.split("/")[0] not in accounts:
                yield Finding("", "extra-file", f"local disk: {name}", "it belongs to no account")
        for call_id in await asyncio.to_thread(self._spool.ids):
            if await asyncio.to_thread(self._spool.about, call_id) is None:
                yield Finding("", "extra-file", f"spool: {call_id}", "nothing says what was recorded there")

    async def of(self, account: str, expected: Mapping[str, tuple[int, str]]) -> AsyncIterator[Finding | Verified]:
        """One account: first what is wrong, then what was looked at."""
        count, proofs = _Count(), dict[str, _Proofs]()
        async for finding in self._chain(account, expected.get(account), proofs, count):
            yield finding
        seen: set[str] = set()
        async for kept in self._rows(account):
            seen.add(kept.id)
            count.recordings += 1
            for finding in await self._twice(kept, proofs.get(kept.id, _Proofs()), count):
                yield finding
        for recording_id in sorted(proofs.keys() - seen):
            missing = await self._missing(account, recording_id, proofs[recording_id])
            if missing is not None:
                yield Finding(account, "missing-record", recording_id, missing)
        async for finding in self._extra(account):
            yield finding
        head = await self._ledger.head(account)
        yield Verified(account, count.entries, count.recordings, count.files, count.size, head)

    async def _chain(
        self, account: str, expected: tuple[int, str] | None, proofs: dict[str, _Proofs], count: _Count
    ) -> AsyncIterator[Finding]:
        chain, matched = Chain(), expected is None
        head, last = await self._ledger.head(account), 0
        while page := await self._ledger.entries(account, last, _PAGE):
            for entry in page:
                count.entries += 1
                for fault in chain.follow(entry):
                    yield _fault(account, fault.seq, fault.what)
                matched = matched or (entry.seq, entry.hash) == expected
                if entry.call_id is not None:
                    proofs.setdefault(entry.call_id, _Proofs()).learn(entry)
            last = page[-1].seq
            # After the entries: whatever was added meanwhile is read in the next round.
            head = await self._ledger.head(account)
        for fault in chain.end(head):
            yield _fault(account, fault.seq, fault.what)
        if not matched and expected is not None:
            what = "the entry is not the one that an earlier verification saw: the ledger was rewritten"
            yield _fault(account, expected[0], what)

    async def _rows(self, account: str) -> AsyncIterator[KeptRecording]:
        after = ""
        while page := await self._store.of_account(account, after, _PAGE):
            for kept in page:
                yield kept
            after = page[-1].id

    async def _twice(self, kept: KeptRecording, said: _Proofs, count: _Count) -> list[Finding]:
        found = await self._recording(kept, said, count)
        if not found:
            return []
        again = await self._store.find(kept.recording.account, kept.id)
        if again is None:
            return found
        fresh = _Proofs()
        for entry in await self._ledger.entries(kept.recording.account, 0, 100_000, kept.id):
            fresh.learn(entry)
        return await self._recording(again, fresh, _Count())

    async def _recording(self, kept: KeptRecording, said: _Proofs, count: _Count) -> list[Finding]:
        account = kept.recording.account

        def finding(code: str, detail: str, subject: str = kept.id) -> Finding:
            return Finding(account, code, subject, detail)

        found = [*_records_differ(kept, said, finding)]
        if kept.state in (*READABLE, State.FAILED):
            for file in kept.sealed:
                count.files += 1
                name = name_of(kept.recording, file.label)
                problem = await self._file(kept, file, name, count)
                if problem is not None:
                    found.append(finding(problem[0], problem[1], f"{self._where(kept, file)}: {name}"))
        return found

    async def _missing(self, account: str, recording_id: str, said: _Proofs) -> str | None:
        """What the ledger says of a recording that no record was seen of, and that should be there."""
        if said.kept:
            return "the ledger says that it was kept; no record does"
        if not said.begun or said.failed:
            return None
        # A call that lives has its recording in the spool; one that has just ended is on record by now.
        under_way = recording_id in await asyncio.to_thread(self._spool.ids)
        known = under_way or await self._store.find(account, recording_id) is not None
        return None if known else "the ledger says that it was begun; nothing of it is there"

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

    async def _known(self, account: str, name: str, belongs: Callable[[State], bool]) -> bool:
        parts = name.split("/")
        kept = await self._store.find(account, parts[-2]) if len(parts) > 1 else None
        if kept is None:
            return False
        # On its way in, or out, a file may lie there that is on no record any more, or not yet.
        moving = kept.state in (State.SPOOLED, State.DELETING, State.UPLOADED)
        own = any(name == name_of(kept.recording, file.side) for file in kept.files)
        # What was set aside stays on the local disk; nothing in the object store has such a name.
        aside = any(name == name_of(kept.recording, file.label) for file in kept.set_aside)
        return moving or (own and belongs(kept.state)) or (aside and kept.state is not State.DELETED)

    def _where(self, kept: KeptRecording, file: KeptFile) -> str:
        return "object store" if kept.state is State.REMOTE and not file.set_aside else "local disk"


def _records_differ(kept: KeptRecording, said: _Proofs, finding: Callable[[str, str], Finding]) -> Iterable[Finding]:
    """Where database and ledger say different things of a recording."""
    gone = kept.state in (State.DELETING, State.DELETED)
    if gone and not said.gone:
        yield finding("missing-entry", "it is deleted, and the ledger does not say why")
    if said.gone and not gone:
        yield finding("changed-record", "the ledger says that it was deleted; the record does not")
    for file in kept.sealed:
        what = file.set_aside or f"the {file.side.value}'s leg"
        proof = said.kept.get(file.label)
        if proof is None:
            yield finding("missing-entry", f"the ledger has no entry for {what}")
        elif (proof.get("sha256"), proof.get("sealed")) != (file.sha256, file.sealed_sha256):
            yield finding("changed-record", f"{what} has another hash than the ledger says")
    for file in kept.files:
        if kept.state in (State.UPLOADED, State.REMOTE) and file.side.value not in said.uploaded:
            yield finding("missing-entry", f"the ledger does not say that the {file.side.value}'s leg was uploaded")
    for label in sorted(set(said.kept) - {file.label for file in kept.sealed}):
        what = f"the {label}'s leg" if label in {each.value for each in Side} else label
        yield finding("changed-record", f"the record lacks {what}, which the ledger says was kept")
    matters = {hold.matter for hold in kept.holds}
    for matter in sorted(matters ^ said.matters):
        where = "the record, not in the ledger" if matter in matters else "the ledger, not in the record"
        yield finding("changed-record", f"legal hold {matter!r} is in {where}")


def _fault(account: str, seq: int, what: str) -> Finding:
    code = {"the entry is missing": "missing-entry"}.get(what, "broken-chain")
    code = "changed-entry" if "was changed" in what else code
    return Finding(account, code, f"ledger entry {seq}", what)
