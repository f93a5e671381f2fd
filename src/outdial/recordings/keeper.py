"""Drives every recording to where it rests: one task each, which tries again with growing patience until it is there.

Nothing is forgotten: what is to be done follows from the store and the spool alone, so a crash at any moment costs
no more than the step that was under way.
"""

import asyncio
import random
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

import structlog

from outdial.calls.ports import Clock
from outdial.calls.recording_store import RecordingStore
from outdial.calls.recordings import RecordDamaged, RecordingError, SpoolUnusable
from outdial.domain.ledger import Kind
from outdial.domain.recordings import CallRecording, KeptRecording, State, UnreadableRecord
from outdial.domain.refusals import Refusal
from outdial.recordings import foresight, transitions
from outdial.recordings.proving import proved
from outdial.recordings.spool import Spool
from outdial.recordings.steps import Steps

AT_ONCE = 4
"""Steps under way at the same time."""
EXPIRE_SECONDS = 60
AGAIN_SECONDS = 5
"""How soon it is looked again where the store did not answer."""
LONGEST_WAIT_SECONDS = 300
_PAGE = 200
_FAR = (State.UPLOADING, State.DELETING)
"""The states in which the next step may wait for the object store."""
_log = structlog.get_logger()

Key = tuple[str, str]
"""Account and id of a recording."""


@dataclass(slots=True)
class _Work:
    """What is being done for one recording."""

    woken: asyncio.Event = field(default_factory=asyncio.Event)
    paused: asyncio.Event = field(default_factory=asyncio.Event)
    """Set while it rests, or waits to try again."""


class Watcher(Protocol):
    """Wants to know how it goes: metrics."""

    def recording_moved(self, state: State) -> None:
        """A recording has come to this state."""
        ...

    def recording_stuck(self, doing: str) -> None:
        """A step of this name failed, and will be tried again."""
        ...

    def recording_failed(self, failures: int) -> None:
        """So much more went wrong with a recording for good."""
        ...


class Nobody:
    """A watcher that does not care."""

    def recording_moved(self, state: State) -> None:
        """Nothing."""

    def recording_stuck(self, doing: str) -> None:
        """Nothing."""

    def recording_failed(self, failures: int) -> None:
        """Nothing."""


def patience(attempt: int) -> float:
    """Seconds to wait before an attempt: doubling, five minutes at most, and never all at the same moment."""
    return float(min(LONGEST_WAIT_SECONDS, 2 ** min(attempt, 20)) * random.uniform(0.5, 1))  # noqa: S311 -- no secret


class Keeper:
    """See `calls.recordings.RecordingsKept`. Works while `run` runs; what is finished before waits for it."""

    def __init__(
        self,
        spool: Spool,
        steps: Steps,
        store: RecordingStore,
        clock: Clock,
        watcher: Watcher | None = None,
        patience: Callable[[int], float] = patience,
    ) -> None:
        self._spool = spool
        self._steps = steps
        self._store = store
        self._clock = clock
        self._watcher = watcher or Nobody()
        self._patience = patience
        self._tasks: asyncio.TaskGroup | None = None
        # Apart, so that an object store that hangs keeps nothing from being sealed.
        self._turns, self._far_turns = asyncio.Semaphore(AT_ONCE), asyncio.Semaphore(AT_ONCE)
        self._working: dict[Key, _Work] = {}
        self._unnoted: dict[Key, CallRecording] = {}
        self.troubles: dict[Key, str] = {}
        """Recordings whose last step failed, and why. They are tried again."""

    def folder(self, call_id: str) -> Path:
        """See `RecordingsKept.folder`."""
        return self._spool.make(call_id)

    async def spool(self, recording: CallRecording) -> Path:
        """See `RecordingsKept.spool`."""
        return await asyncio.to_thread(self._spool.note, recording)

    async def finish(self, recording: CallRecording) -> None:
        """See `RecordingsKept.finish`."""
        try:
            await asyncio.to_thread(self._spool.note, recording)
        except SpoolUnusable as error:
            # A full disk has no room for the note; the record in the store says as much.
            _log.warning("recording not noted in the spool", call=recording.call_id, error=str(error))
        key = (recording.account, recording.call_id)
        self._unnoted[key] = recording
        self.wake(*key)

    async def sweep(self, live: Collection[str]) -> int:
        """See `RecordingsKept.sweep`."""
        found = 0
        for call_id in await asyncio.to_thread(self._spool.ids):
            try:
                found += call_id not in live and await self._take_over(call_id)
            except Exception:  # noqa: BLE001 -- one folder must not keep the product from starting
                _log.exception("a spool folder could not be taken over; it is left alone", call=call_id)
        return found

    def wake(self, account: str, recording_id: str) -> None:
        """There may be something to do for a recording, now rather than later."""
        key = (account, recording_id)
        if key in self._working:
            self._working[key].woken.set()
            self._working[key].paused.clear()
        elif self._tasks is not None:
            self._working[key] = _Work()
            self._tasks.create_task(self._work(key))

    async def run(self) -> None:
        """Work until cancelled, with what was left by the process before to begin with."""
        try:
            async with asyncio.TaskGroup() as tasks:
                self._tasks = tasks
                for key in list(self._unnoted):
                    self.wake(*key)
                while True:
                    seen = await self._looked_through()
                    await asyncio.sleep(EXPIRE_SECONDS if seen else AGAIN_SECONDS)
        finally:
            self._tasks = None
            self._working.clear()

    async def rested(self, account: str, recording_id: str) -> None:
        """Wait until a recording that was woken rests, or a step of it has failed."""
        work = self._working.get((account, recording_id))
        if work is not None:
            await work.paused.wait()

    async def _take_over(self, call_id: str) -> bool:
        """Finish what a crash left in a spool folder; whether there was anything to finish."""
        recording = await asyncio.to_thread(self._spool.about, call_id)
        if recording is None and await asyncio.to_thread(self._spool.is_empty, call_id):
            await asyncio.to_thread(self._spool.destroy, call_id)
            return False
        if recording is None:
            _log.error("a spool folder says nothing of its recording; it is left alone", call=call_id)
            return False
        try:
            known = await self._store.find(recording.account, call_id)
        except Refusal:
            # To be found out when it is put on record.
            known = None
        if known is not None and known.state is not State.SPOOLED:
            # It was on record as kept, and the crash came before its folder could be removed.
            await asyncio.to_thread(self._spool.destroy, call_id)
            return False
        if recording.ended_at is None:
            recording = replace(recording, cut_short=True)
        await self.finish(recording)
        return True

    async def _looked_through(self) -> bool:
        """Whether it was seen what there is to do, by the process before and by retention."""
        try:
            await self._resume()
            await self.expire()
            await self._clear()
        except Refusal as error:
            _log.warning("recordings could not be looked through", error=str(error))
        except Exception:  # noqa: BLE001 -- one record must not stop what is done for the others
            _log.exception("recordings could not be looked through")
        else:
            return True
        return False

    async def _resume(self) -> None:
        """Wake every recording from whose state there is a step to take."""
        after = ""
        while page := await self._store.in_state(self._steps.restless, after, _PAGE):
            for kept in self._readable(page):
                self.wake(kept.recording.account, kept.id)
            after = page[-1].id

    async def _clear(self) -> None:
        """Wake every recording of which the spool has still what the switch wrote, although it is kept, or gone."""
        for call_id in await asyncio.to_thread(self._spool.ids):
            recording = await asyncio.to_thread(self._spool.about, call_id)
            known = recording and await self._store.find(recording.account, call_id)
            if known and known.state is not State.SPOOLED:
                self.wake(known.recording.account, call_id)

    async def expire(self) -> None:
        """Begin to delete what the accounts' retention does not keep any longer."""
        now, after = self._clock.now(), ""
        while page := await self._store.expired(self._steps.deletable, now, after, _PAGE):
            for kept in self._readable(page):
                change = transitions.delete(Kind.EXPIRED, "retention", {"retainUntil": kept.retain_until}, now)
                try:
                    await self._store.change(kept.recording.account, kept.id, proved(change))
                except RecordDamaged as error:
                    self._leave_alone((kept.recording.account, kept.id), str(error))
                self.wake(kept.recording.account, kept.id)
            after = page[-1].id

    def _readable(self, page: Sequence[KeptRecording | UnreadableRecord]) -> Iterator[KeptRecording]:
        """What something can be done for."""
        for each in page:
            if isinstance(each, UnreadableRecord):
                self._leave_alone((each.account, each.id), each.why)
            else:
                yield each

    def _leave_alone(self, key: Key, why: str) -> None:
        """Nothing can be done for a recording until its record is mended; said and counted once."""
        if self.troubles.get(key) != why:
            self.troubles[key] = why
            self._watcher.recording_stuck("read")
            _log.error("recording left alone", call=key[1], error=why)

    async def _work(self, key: Key) -> None:
        """Take one recording as far as it goes."""
        attempt, work = 0, self._working[key]
        try:
            while True:
                work.woken.clear()
                work.paused.clear()
                doing, why = await self._further(key)
                if doing is None and work.woken.is_set():
                    continue
                work.paused.set()
                if doing is None:
                    return
                attempt += 1
                self.troubles[key] = why
                self._watcher.recording_stuck(doing)
                _log.warning("recording not moved on", call=key[1], doing=doing, attempt=attempt, error=why)
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._patience(attempt)):
                        await work.woken.wait()
        finally:
            work.paused.set()
            self._working.pop(key, None)

    async def _further(self, key: Key) -> tuple[str | None, str]:
        """Step after step until it rests; which step failed, and why."""
        doing = "note"
        try:
            kept = await self._noted(key)
            while kept is not None:
                doing = kept.state.value
                known = len(kept.failures)
                turn = self._far_turns if kept.state in _FAR else self._turns
                # In this order: one account that is not ready must not use up the turns of all the others.
                async with self._steps.ready(kept), turn:
                    kept = await self._steps.take(kept)
                if kept is not None:
                    self._watcher.recording_moved(kept.state)
                    self._watcher.recording_failed(max(0, len(kept.failures) - known))
                    _log.info("recording moved on", call=key[1], state=kept.state.value)
        except (RecordingError, Refusal, OSError) as error:
            return doing, str(error)
        except Exception as error:  # noqa: BLE001 -- one recording's fault must not stop the others
            _log.exception("recording failed", call=key[1], doing=doing)
            return doing, f"{type(error).__name__}: {error}"
        self.troubles.pop(key, None)
        return None, ""

    async def _noted(self, key: Key) -> KeptRecording | None:
        """The recording as it is on record, put there first where it was finished only just now."""
        recording = self._unnoted.get(key)
        if recording is None:
            return await self._store.find(*key)
        kept = await self._store.add(recording, foresight.arrived(self._clock.now()))
        if self._unnoted.get(key) is recording:
            del self._unnoted[key]
        return kept
