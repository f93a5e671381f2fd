"""Joins the parts that keep recordings, for whoever runs them. Must not know the database or the API."""

from dataclasses import dataclass, field
from pathlib import Path

from outdial.calls.directory import CallLog
from outdial.calls.erasure_store import ErasureStore
from outdial.calls.ports import Clock
from outdial.calls.recording_store import Ledger, RecordingStore
from outdial.recordings.decisions import Decisions
from outdial.recordings.erasing import Erasing
from outdial.recordings.erasure import Signer
from outdial.recordings.keeper import Keeper, Watcher
from outdial.recordings.keys import Keys, MasterKeys
from outdial.recordings.library import Library
from outdial.recordings.objects import Bucket, Objects
from outdial.recordings.places import LocalFiles
from outdial.recordings.reading import Reading
from outdial.recordings.renditions import Renditions
from outdial.recordings.selections import Selections
from outdial.recordings.spool import LEAST_FREE, Spool
from outdial.recordings.steps import Steps
from outdial.recordings.under_way import UnderWay
from outdial.recordings.verification import Verification


@dataclass(frozen=True, slots=True)
class Keeping:
    """What keeps recordings: `keeper` takes them over and has to run, so has `erasing`; `library` is asked for them."""

    keeper: Keeper
    erasing: Erasing
    library: Library


@dataclass(frozen=True, slots=True)
class Secrets:
    """What opens what is kept, and signs what is certified."""

    masters: MasterKeys
    signing_key: bytes = field(repr=False)
    """32 bytes."""


@dataclass(frozen=True, slots=True)
class Stored:
    """Where what is known of recordings lives, and of the calls that make them."""

    recordings: RecordingStore
    ledger: Ledger
    erasures: ErasureStore
    calls: CallLog


def keeping(
    folder: Path,
    stored: Stored,
    secrets: Secrets,
    clock: Clock,
    bucket: Bucket | None = None,
    watcher: Watcher | None = None,
    least_free: int = LEAST_FREE,
) -> Keeping:
    """Everything below `<folder>/spool` and `<folder>/kept`; in an object store where a bucket is named."""
    spool, local = Spool(folder / "spool", least_free), LocalFiles(folder / "kept")
    objects = Objects(bucket) if bucket else None
    store, ledger = stored.recordings, stored.ledger
    keys = Keys(secrets.masters, store, clock)
    reading = Reading(keys, local, objects)
    renditions = Renditions(reading)
    steps = Steps(spool, local, objects, keys, store, clock, renditions.forget)
    keeper = Keeper(spool, steps, store, clock, watcher)
    verification = Verification(store, ledger, reading, spool, local, objects, Decisions(stored.calls, ledger))
    selections = Selections(store, UnderWay(stored.calls, spool), keeper)
    erasing = Erasing(stored.erasures, selections, keys, Signer(secrets.signing_key), clock)
    library = Library(store, ledger, selections, renditions, keys, verification, erasing, clock)
    return Keeping(keeper, erasing, library)
