"""The steps of a recording from the spool to where it rests, and to its end. Each can be begun again after a crash.

A step that can't be made now raises; who tries again, and when, is not its business.
"""

import asyncio
import secrets
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from pathlib import Path

from outdial.calls.ports import Clock
from outdial.calls.recording_store import Change, RecordingStore
from outdial.calls.recordings import PlaceUnusable
from outdial.domain.legs import Side
from outdial.domain.recordings import READABLE, CallRecording, KeptFile, KeptRecording, SpoolFile, State
from outdial.recordings import taking_over, transitions
from outdial.recordings.keys import Keys
from outdial.recordings.objects import Objects
from outdial.recordings.places import LocalFiles, name_of
from outdial.recordings.proving import proved
from outdial.recordings.spool import Spool


class Steps:
    """Takes recordings one step further. `objects` is none where recordings rest on the local disk.

    `forget` lets go of what is in memory of a recording, by its account and its id.
    """

    def __init__(
        self,
        spool: Spool,
        local: LocalFiles,
        objects: Objects | None,
        keys: Keys,
        store: RecordingStore,
        clock: Clock,
        forget: Callable[[str, str], None],
    ) -> None:
        self._spool = spool
        self._local = local
        self._objects = objects
        self._keys = keys
        self._store = store
        self._clock = clock
        self._forget = forget

    @property
    def restless(self) -> tuple[State, ...]:
        """The states from which there is a step to take."""
        here = (State.SPOOLED, State.DELETING)
        return here if self._objects is None else (*here, State.KEPT, State.UPLOADING, State.UPLOADED)

    @property
    def deletable(self) -> tuple[State, ...]:
        """The states in which retention may delete: where an object store is set up, nothing before it is there.

        Where none is set up any more, what is in one too: its keys go at once, its files when that one is back.
        """
        return (State.FAILED, *((State.UPLOADED, State.REMOTE) if self._objects else sorted(READABLE)))

    def ready(self, kept: KeptRecording) -> AbstractAsyncContextManager[None]:
        """What the next step is to be made inside, and waited for before anything is taken that others wait for:
        whoever erases an account holds its keys steady for as long as it has recordings."""
        return self._keys.steady(kept.recording.account) if kept.state is State.SPOOLED else nullcontext()

    async def take(self, kept: KeptRecording) -> KeptRecording | None:
        """Make the next step, inside `ready`; the recording as it is then, none where it rests or is no more.

        Raises:
            RecordingError: it can't be made now; a sentence for people.
            OSError: the disk failed.
        """
        if kept.state is not State.SPOOLED:
            # Only now that it is on record what is kept; and whenever that did not go well, or was not learned of.
            await asyncio.to_thread(self._spool.destroy, kept.id)
        match kept.state:
            case State.SPOOLED:
                return await self._keep(kept)
            case State.KEPT if self._objects is not None:
                return await self._change(kept, transitions.begin_upload(self._objects.bucket))
            case State.UPLOADING if self._objects is not None:
                return await self._upload(kept, self._objects)
            case State.UPLOADED if self._objects is not None and kept.buckets[-1:] == (self._objects.bucket,):
                return await self._remove_local(kept)
            case State.DELETING:
                return await self._delete(kept)
            case _:
                # At rest; or on its way to an object store that is not set up any more.
                return None

    async def _keep(self, kept: KeptRecording) -> KeptRecording | None:
        recording = kept.recording
        found = await asyncio.to_thread(taking_over.look, self._spool, recording)
        sealed = [await self._seal(kept, side, found) for side in Side if side in found.legs]
        sealed += [await self._set_aside(kept, *unreadable) for unreadable in found.unreadable]
        change = transitions.keep(sealed, found, self._clock.now())
        after = await self._change(kept, proved(change, secrets.token_hex(16)))
        if after is None or after.state in (State.DELETING, State.DELETED):
            # Erased meanwhile: what was just sealed is nobody's.
            for label in _labels(recording):
                await self._local.delete(name_of(recording, label))
        return after

    async def _seal(self, kept: KeptRecording, side: Side, found: taking_over.Found) -> KeptFile:
        key = await self._keys.fresh(kept.recording, side)
        return await asyncio.to_thread(taking_over.seal, self._local, kept.recording, side, found, key)

    async def _set_aside(self, kept: KeptRecording, file: SpoolFile, path: Path) -> KeptFile:
        key = await self._keys.fresh(kept.recording, file.file_name)
        return await asyncio.to_thread(taking_over.set_aside, self._local, kept.recording, file, path, key)

    async def _upload(self, kept: KeptRecording, objects: Objects) -> KeptRecording | None:
        if kept.buckets[-1:] != (objects.bucket,):
            # Another was set up meanwhile; the one before may have some of it, and is to be asked when it is deleted.
            return await self._change(kept, transitions.begin_upload(objects.bucket))
        for file in kept.files:
            name = name_of(kept.recording, file.side)
            if await self._local.size(name) is not None:
                await objects.upload(name, self._local.path(name))
            if await objects.digest(name) != (file.sealed_size, file.sealed_sha256):
                raise PlaceUnusable(f"the object store gave back something else than it was given for {name}")
        return await self._change(kept, transitions.uploaded(objects.where, self._clock.now()))

    async def _remove_local(self, kept: KeptRecording) -> KeptRecording | None:
        for file in kept.files:
            await self._local.delete(name_of(kept.recording, file.side))
        return await self._change(kept, transitions.local_removed)

    async def _delete(self, kept: KeptRecording) -> KeptRecording | None:
        self._forget(kept.recording.account, kept.id)
        for label in _labels(kept.recording):
            name = name_of(kept.recording, label)
            await self._local.delete(name)
        if self._objects is not None and self._objects.bucket in kept.buckets:
            await self._delete_from(kept, self._objects)
            return await self._change(kept, transitions.gone_from(self._objects.bucket))
        if kept.buckets:
            there = " and ".join(map(str, kept.buckets))
            raise PlaceUnusable(f"sealed files are still in {there}, which is not the object store that is set up")
        return await self._change(kept, transitions.deleted(self._clock.now()))

    async def _delete_from(self, kept: KeptRecording, objects: Objects) -> None:
        for side in Side:
            name = name_of(kept.recording, side)
            await objects.delete(name)
            if await objects.size(name) is not None:
                raise PlaceUnusable(f"the object store still has {name}, which it was told to delete")

    async def _change(self, kept: KeptRecording, change: Change) -> KeptRecording | None:
        return await self._store.change(kept.recording.account, kept.id, change)


def _labels(recording: CallRecording) -> list[str]:
    """Of every file that may ever have been sealed of a recording, on record or not."""
    return [*Side, *(file.file_name for file in recording.files)]
