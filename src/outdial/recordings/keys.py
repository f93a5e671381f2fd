"""Envelope keys: a master key seals the accounts' keys, an account's key seals its files' keys, which seal the files.

So a master key or an account's key is renewed without touching a file, and a file, or all of an account's, is made
unreadable for ever by destroying one key. Must not know where keys are kept.
"""

import asyncio
import base64
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Protocol
from weakref import WeakValueDictionary

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from outdial.calls.ports import Clock
from outdial.calls.recording_store import AccountKey, RecordingStore
from outdial.calls.recordings import Damaged, RecordDamaged
from outdial.domain.ledger import Kind, Record
from outdial.domain.recordings import CallRecording, KeptFile, KeptRecording, UnreadableRecord
from outdial.recordings.sealing import KEY_SIZE

_NONCE_SIZE = 12
_PAGE = 200


class KeyMissing(Damaged):
    """A key was destroyed, or a master key is not there: what it sealed can't be read."""


class MasterKeys(Protocol):
    """The keys outside the database."""

    @property
    def newest(self) -> str:
        """Id of the one that seals from now on."""
        ...

    def key(self, master: str) -> bytes | None:
        """A key by its id; none where it is not there."""
        ...

    def add(self) -> str:
        """Make a new one; its id."""
        ...

    def remove(self, master: str) -> None:
        """Destroy one that seals nothing any more."""
        ...


class Keys:
    """Makes, opens, renews and destroys keys."""

    def __init__(self, masters: MasterKeys, store: RecordingStore, clock: Clock) -> None:
        self._masters = masters
        self._store = store
        self._clock = clock
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._renewing = asyncio.Lock()
        """Held while the master key is renewed."""
        self._making = asyncio.Lock()
        """Held from a new key's being sealed with the newest master key until it is on record; taken last of all."""

    @asynccontextmanager
    async def steady(self, account: str) -> AsyncIterator[None]:
        """No key of the account is renewed inside: from a fresh file's key being made until it is on record.

        Otherwise an account's key could be destroyed that has just sealed one; or, with the whole account, one whose
        recording has just been put on hold.
        """
        async with self._locks.setdefault(account, asyncio.Lock()):
            yield

    async def fresh(self, recording: CallRecording, label: str) -> tuple[bytes, str, int]:
        """A new key for a file: itself, as it is to be kept, and the generation of the key that sealed it."""
        newest = await self._newest(recording.account)
        key = secrets.token_bytes(KEY_SIZE)
        return (
            key,
            wrap(key, self._opened(newest), _file_context(recording, label, newest.generation)),
            newest.generation,
        )

    async def of_file(self, recording: CallRecording, file: KeptFile) -> bytes:
        """The key of a kept file.

        Raises:
            KeyMissing: it was destroyed, or can't be opened.
        """
        if not file.wrapped_key:
            what = f"the {file.side.value}'s leg" if not file.set_aside else file.set_aside
            raise KeyMissing(f"the key of {what} of recording {recording.call_id} was destroyed")
        for key in await self._store.keys(recording.account):
            if key.generation == file.key_generation:
                return unwrap(file.wrapped_key, self._opened(key), _file_context(recording, file.label, key.generation))
        raise KeyMissing(f"key {file.key_generation} of account {recording.account} is missing")

    async def renew_account(self, account: str, who: str | None) -> int:
        """Seal everything of an account with a new key of its own, and destroy the old ones; its generation.

        Can be begun again after a crash: what is still sealed with an old key is sealed anew.

        Raises:
            Damaged: a record or a key can't be read, so nothing is begun: without the old keys it would be lost.
        """
        async with self.steady(account):
            await self._check(account)
            old = await self._store.keys(account)
            number = max((key.generation for key in old), default=0) + 1
            await self._add(account, number, who)
            await self._seal_files_anew(account)
            for key in old:
                if key.wrapped:
                    await self._destroy(key, who, "replaced")
        return number

    async def renew_master(self, who: str | None) -> int:
        """Seal every account's key with a new master key and destroy the old ones; how many accounts' keys.

        Raises:
            Damaged: a key can't be opened, so nothing is begun.
        """
        async with self._renewing:
            for key in await self._store.keys_of_master(None):
                self._opened(key)
            async with self._making:
                newest = self._masters.add()
            # Every key that an older master key seals is on record by now.
            found = await self._store.keys_of_master(None)
            accounts = sorted({key.account for key in found})
            renewed = [await self._seal_keys_anew(account, newest, who) for account in accounts]
            for master in {key.master for key in found} - {newest}:
                if not await self._store.keys_of_master(master):
                    self._masters.remove(master)
            return sum(renewed)

    async def _seal_keys_anew(self, account: str, master: str, who: str | None) -> int:
        # What was found before may have been destroyed meanwhile; inside, it can't be.
        async with self.steady(account):
            old = [key for key in await self._store.keys(account) if key.wrapped and key.master != master]
            for key in old:
                sealed = self._sealed(key, self._opened(key), master)
                await self._store.put_key(sealed, [self._renewed(key, who, "master key")])
            return len(old)

    async def destroy_account(self, account: str, who: str | None) -> int:
        """Destroy every key of an account: nothing sealed so far can be read ever again; how many keys.

        To be called inside `steady`, once it is certain there that nothing is sealed that must stay.
        """
        keys = [key for key in await self._store.keys(account) if key.wrapped]
        for key in keys:
            await self._destroy(key, who, "account erased")
        return len(keys)

    async def _newest(self, account: str) -> AccountKey:
        keys = await self._store.keys(account)
        alive = [key for key in keys if key.wrapped]
        return alive[-1] if alive else await self._add(account, len(keys) + 1, None)

    async def _add(self, account: str, generation: int, who: str | None) -> AccountKey:
        blank = AccountKey(account, generation, "", "", self._clock.now())
        async with self._making:
            key = self._sealed(blank, secrets.token_bytes(KEY_SIZE), self._masters.newest)
            return await self._store.put_key(key, [self._renewed(key, who, "account key")])

    async def _check(self, account: str) -> None:
        """Raises Damaged for the first key of a file, or record, that could not be taken along to a new key."""
        keys = await self._open_keys(account)
        async for kept in self._recordings(account):
            for file in kept.sealed:
                if file.wrapped_key and file.key_generation in keys:
                    _file_key(kept.recording, file, keys)

    async def _seal_files_anew(self, account: str) -> None:
        """Move the account's files to its newest key."""
        keys = await self._open_keys(account)
        newest = max(keys)
        async for kept in self._recordings(account):
            await self._store.change(
                account, kept.id, lambda found: (_moved(found, keys, newest), ()) if found.sealed else None
            )

    async def _open_keys(self, account: str) -> dict[int, bytes]:
        return {key.generation: self._opened(key) for key in await self._store.keys(account) if key.wrapped}

    async def _recordings(self, account: str) -> AsyncIterator[KeptRecording]:
        """Every one of the account, page by page. Raises RecordDamaged."""
        after = ""
        while page := await self._store.of_account(account, after, _PAGE):
            for kept in page:
                if isinstance(kept, UnreadableRecord):
                    raise RecordDamaged(kept.why)
                yield kept
            after = page[-1].id

    async def _destroy(self, key: AccountKey, who: str | None, why: str) -> None:
        now = self._clock.now()
        gone = AccountKey(key.account, key.generation, key.master, "", key.created_at, now)
        data = {"generation": key.generation, "why": why}
        await self._store.put_key(gone, [Record(Kind.KEY_DESTROYED, key.account, now, who=who, data=data)])

    def _opened(self, key: AccountKey) -> bytes:
        if not key.wrapped:
            raise KeyMissing(f"key {key.generation} of account {key.account} was destroyed")
        master = self._masters.key(key.master)
        if master is None:
            raise KeyMissing(f"master key {key.master} is missing; restore it from the backup")
        return unwrap(key.wrapped, master, _account_context(key))

    def _sealed(self, key: AccountKey, opened: bytes, master: str) -> AccountKey:
        by = self._masters.key(master)
        if by is None:
            raise KeyMissing(f"master key {master} is missing; restore it from the backup")
        return AccountKey(key.account, key.generation, master, wrap(opened, by, _account_context(key)), key.created_at)

    def _renewed(self, key: AccountKey, who: str | None, what: str) -> Record:
        data = {"generation": key.generation, "what": what}
        return Record(Kind.KEY_ROTATED, key.account, self._clock.now(), who=who, data=data)


def wrap(key: bytes, by: bytes, context: str) -> str:
    """A key sealed with another, for one use only."""
    nonce = secrets.token_bytes(_NONCE_SIZE)
    return base64.b64encode(nonce + AESGCM(by).encrypt(nonce, key, context.encode())).decode()


def unwrap(wrapped: str, by: bytes, context: str) -> bytes:
    """The key that was sealed. Raises KeyMissing where it was not sealed with this key for this use."""
    try:
        sealed = base64.b64decode(wrapped)
        return AESGCM(by).decrypt(sealed[:_NONCE_SIZE], sealed[_NONCE_SIZE:], context.encode())
    except (InvalidTag, ValueError):
        raise KeyMissing(f"the key of {context} can't be opened: it was changed, or sealed with another key") from None


def _moved(kept: KeptRecording, keys: dict[int, bytes], newest: int) -> KeptRecording:
    """A recording whose files' keys are sealed with the newest key of its account."""

    def moved(file: KeptFile) -> KeptFile:
        if not file.wrapped_key or file.key_generation not in keys or file.key_generation == newest:
            return file
        key = _file_key(kept.recording, file, keys)
        wrapped = wrap(key, keys[newest], _file_context(kept.recording, file.label, newest))
        return replace(file, wrapped_key=wrapped, key_generation=newest)

    return replace(kept, files=tuple(map(moved, kept.files)), set_aside=tuple(map(moved, kept.set_aside)))


def _file_key(recording: CallRecording, file: KeptFile, keys: dict[int, bytes]) -> bytes:
    context = _file_context(recording, file.label, file.key_generation)
    return unwrap(file.wrapped_key, keys[file.key_generation], context)


def _file_context(recording: CallRecording, label: str, generation: int) -> str:
    return f"file {recording.account}/{recording.call_id}/{label}/{generation}"


def _account_context(key: AccountKey) -> str:
    return f"account {key.account}/{key.generation}"
