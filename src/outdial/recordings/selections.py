"""Changes all that a selection takes: recordings on record, and those to come of calls that are under way.

Must not know what the change is, nor who asks for it.
"""

from collections.abc import AsyncIterator, Iterable

from outdial.calls.recording_library import Counted, Selection
from outdial.calls.recording_store import Change, Foresee, RecordingFilter, RecordingStore
from outdial.calls.recordings import RecordDamaged
from outdial.domain.recordings import Foreseen, KeptRecording, State, UnreadableRecord
from outdial.recordings.keeper import Keeper
from outdial.recordings.proving import proved
from outdial.recordings.under_way import UnderWay

Found = KeptRecording | Foreseen | UnreadableRecord
"""What a selection takes: one that can't be read is passed by."""
_PAGE = 200


class Selections:
    """Finds them, and has them changed."""

    def __init__(self, store: RecordingStore, under_way: UnderWay, keeper: Keeper) -> None:
        self._store = store
        self._under_way = under_way
        self._keeper = keeper

    async def ids(self, account: str, selection: Selection) -> list[str]:
        """Every recording of a selection, and those to come."""
        # First those under way: one that is put on record meanwhile is changed as what it is by then.
        ids = dict.fromkeys(await self._under_way.calls(account, selection))
        return list(ids | dict.fromkeys([kept.id async for kept in self._kept(account, selection)]))

    async def change(self, account: str, ids: Iterable[str], change: Change, foresee: Foresee) -> list[Found]:
        """Change recordings, and what is foreseen for those to come; what they are then. One whose record can't be read
        is left as it is."""
        proof = proved(change)
        found = list[Found]()
        for each in ids:
            try:
                found.append(await self._store.change_or_foresee(account, each, proof, foresee))
            except RecordDamaged as error:
                found.append(UnreadableRecord(account, each, str(error)))
        return found

    async def count(self, account: str, selection: Selection) -> Counted:
        """How many there are, and of what."""
        under_way = dict.fromkeys(await self._under_way.calls(account, selection))
        recordings = held = length = 0
        begun = list[int]()
        async for kept in self._kept(account, selection):
            under_way.pop(kept.id, None)
            if isinstance(kept, UnreadableRecord):
                # It is passed by, whatever is asked for.
                continue
            recordings, held, length = recordings + 1, held + bool(kept.holds), length + kept.length_ms
            begun = [min([*begun, kept.recording.started_at]), max([*begun, kept.recording.started_at])]
        first, last = begun or (None, None)
        return Counted(recordings, held, length, first, last, [*under_way])

    async def gone(self, kept: KeptRecording) -> KeptRecording:
        """The recording once its files are removed, or could not be for now."""
        self._keeper.wake(kept.recording.account, kept.id)
        await self._keeper.rested(kept.recording.account, kept.id)
        after = await self._store.find(kept.recording.account, kept.id)
        return kept if after is None or after.state is State.DELETING else after

    async def _kept(self, account: str, selection: Selection) -> AsyncIterator[KeptRecording | UnreadableRecord]:
        """Every recording of a selection that is not gone."""
        before = None
        while True:
            wanted = RecordingFilter(
                call_id=selection.call_id,
                number=selection.number,
                reference=selection.reference,
                agent_id=selection.agent_id,
                started_from=selection.started_from,
                started_to=selection.started_to,
                before=before,
                limit=_PAGE,
            )
            page = await self._store.search(account, wanted)
            for kept in page:
                yield kept
            if len(page) < _PAGE:
                return
            before = page[-1].id
