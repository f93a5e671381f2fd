"""Kept recordings as they are asked for: found, heard, held, erased; each access and change in the ledger first.

Must not know who may ask; that is the API's.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any, TypeVar

from outdial.calls.ports import Clock
from outdial.calls.recording_library import Audio, Counted, Finding, Form, Hearing, Selected, Selection, Verified
from outdial.calls.recording_store import Ledger, RecordingFilter, RecordingStore
from outdial.calls.recordings import NothingToRead, PlaceUnusable
from outdial.domain.ledger import Entry, Kind, Record
from outdial.domain.recordings import GONE, READABLE, Foreseen, KeptRecording, State, UnreadableRecord
from outdial.recordings import foresight, peaks, transitions
from outdial.recordings.erasing import Erasing
from outdial.recordings.evidence import Asked, evidence
from outdial.recordings.keys import Keys
from outdial.recordings.renditions import Renditions
from outdial.recordings.selections import Found, Selections
from outdial.recordings.verification import Verification

Thing = TypeVar("Thing", KeptRecording, Foreseen)
Done = TypeVar("Done")


class Library:
    """See `calls.recording_library.Recordings`."""

    def __init__(
        self,
        store: RecordingStore,
        ledger: Ledger,
        selections: Selections,
        renditions: Renditions,
        keys: Keys,
        verification: Verification,
        erasing: Erasing,
        clock: Clock,
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._selections = selections
        self._renditions = renditions
        self._keys = keys
        self._verification = verification
        self._erasing = erasing
        self._clock = clock

    async def search(
        self, account: str, wanted: RecordingFilter, who: str
    ) -> Sequence[KeptRecording | UnreadableRecord]:
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
        audio = await self._renditions.audio(kept, mix, form)
        if form is Form.OPUS:
            await self._check_alive(kept)
        return audio

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

    async def count(self, account: str, selection: Selection) -> Counted:
        """What a hold or an erasure would be of."""
        return await self._selections.count(account, selection)

    async def hold(self, account: str, selection: Selection, matter: str, who: str) -> Selected:
        """Put a legal hold on recordings."""
        now = self._clock.now()
        change, foresee = transitions.hold(matter, who, now), foresight.hold(matter, who, now)
        # Not while the account's keys are destroyed: what is held must be heard.
        async with self._keys.steady(account):
            ids = await self._selections.ids(account, selection)
            found = await self._selections.change(account, ids, change, foresee)
        return _selected([each for each in found if isinstance(each, UnreadableRecord) or _bears(each, matter)])

    async def release(self, account: str, selection: Selection, matter: str, who: str) -> Selected:
        """Take it off."""
        now, bore = self._clock.now(), set[str]()
        change, foresee = transitions.release(matter, who, now), foresight.release(matter, who, now)
        ids = await self._selections.ids(account, selection)
        found = await self._selections.change(account, ids, _noting(bore, change), _noting(bore, foresee))
        return _selected([each for each in found if isinstance(each, UnreadableRecord) or each.id in bore])

    async def erase(self, account: str, selection: Selection, reason: str, who: str) -> dict[str, Any]:
        """Erase recordings that no hold protects; the certificate."""
        return await self._erasing.erase(account, selection, reason, who)

    async def certificate(self, account: str, certificate_id: str) -> dict[str, Any] | None:
        """A certificate that was issued before."""
        return await self._erasing.certificate(account, certificate_id)

    async def certificates(self, account: str, limit: int) -> Sequence[dict[str, Any]]:
        """The latest certificates, newest first."""
        return await self._erasing.certificates(account, limit)

    @property
    def signing_key(self) -> str:
        """The public key of certificates."""
        return self._erasing.signer.public_key

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

    async def evidence(
        self, account: str, recording_id: str, who: str, about: Callable[[KeptRecording], dict[str, Any]]
    ) -> AsyncIterator[bytes] | None:
        """All that proves a recording, in one zip file."""
        kept = await self._store.find(account, recording_id)
        if kept is None:
            return None
        if kept.state is State.SPOOLED:
            raise PlaceUnusable(f"recording {kept.id} is being sealed at this moment")
        files = kept.files if kept.state in READABLE else ()
        legs = [(await self._renditions.mix(kept, Hearing(file.side.value))).legs[0] for file in files]
        data = {"what": "evidence", "legs": [leg.file.side.value for leg in legs]}
        await self._accessed(account, recording_id, who, data)
        return evidence(kept, legs, about(kept), self._ledger, self._erasing.signer, Asked(self._clock.now(), who))

    def verify(self, account: str | None, expected: Mapping[str, tuple[int, str]]) -> AsyncIterator[Finding | Verified]:
        """Hold everything against each other."""
        return self._verification.everything(expected) if account is None else self._verification.of(account, expected)

    async def renew_account_key(self, account: str, who: str) -> int:
        """Seal all keys of an account's files with a new one."""
        return await self._keys.renew_account(account, who)

    async def renew_master_key(self, who: str) -> int:
        """Seal every account's key with a new master key."""
        return await self._keys.renew_master(who)

    async def _check_alive(self, kept: KeptRecording) -> None:
        """Encoding takes a while; what was deleted meanwhile must not stay in memory, nor be heard."""
        found = await self._store.find(kept.recording.account, kept.id)
        if found is None or found.state in GONE:
            self._renditions.forget(kept.recording.account, kept.id)
            raise NothingToRead(f"recording {kept.id} is deleted")

    async def _accessed(self, account: str, recording_id: str | None, who: str, data: dict[str, Any]) -> None:
        await self._ledger.append([Record(Kind.ACCESSED, account, self._clock.now(), recording_id, who, data)])


def _bears(found: KeptRecording | Foreseen, matter: str) -> bool:
    return any(hold.matter == matter for hold in found.holds)


def _selected(found: Sequence[Found]) -> Selected:
    kinds = (KeptRecording, Foreseen, UnreadableRecord)
    return Selected(*([each.id for each in found if isinstance(each, kind)] for kind in kinds))


def _noting(ids: set[str], change: Callable[[Thing], Done | None]) -> Callable[[Thing], Done | None]:
    """The same change, which notes the ids of what it changed."""

    def noting(found: Thing) -> Done | None:
        done = change(found)
        if done is not None:
            ids.add(found.id)
        return done

    return noting
