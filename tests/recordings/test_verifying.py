"""Tampering is found, and what is wrong is named exactly: audio, ledger and database held against each other."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from outdial.calls.recording_library import Finding, Selection, Verified
from outdial.domain.ledger import Kind, Record
from outdial.domain.legs import Side
from outdial.domain.recordings import KeptRecording, State
from support.s3 import ObjectStore
from support.vault import Vault, recording_of, working

AGENT = "ours/2025/11/24/c1/agent.sealed"
PARTY = "ours/2025/11/24/c1/party.sealed"


async def verified(vault: Vault, account: str | None = None, **expected: tuple[int, str]) -> list[Finding | Verified]:
    return [found async for found in vault.library.verify(account, expected)]


async def findings(vault: Vault, **expected: tuple[int, str]) -> list[tuple[str, str, str]]:
    found = await verified(vault, **expected)
    return [(each.code, each.subject, each.detail) for each in found if isinstance(each, Finding)]


async def sql(vault: Vault, *statements: str) -> None:
    """What somebody does who has the database."""
    for statement in statements:
        await vault.database.write(lambda c, statement=statement: c.exec_driver_sql(statement))  # type: ignore[misc]


async def unguarded(vault: Vault, statement: str) -> None:
    await sql(vault, "DROP TRIGGER ledger_guard_update", "DROP TRIGGER ledger_guard_delete", statement)


@pytest.fixture
async def two_kept(vault: Vault) -> Vault:
    await vault.kept(recording_of("c1"))
    await vault.kept(recording_of("c2", [Side.AGENT]))
    return vault


def path(vault: Vault, name: str) -> Path:
    return vault.folder / "kept" / name


async def test_where_nothing_is_wrong_nothing_is_found_and_all_was_looked_at(two_kept: Vault) -> None:
    await two_kept.kept(replace(recording_of("c1"), account="theirs"))
    await two_kept.library.hold("ours", Selection(call_id="c1"), "case 7", "client boss")
    await two_kept.library.erase("ours", Selection(call_id="c2"), "asked for", "client boss")

    found = await verified(two_kept)

    assert [(each.account, each.recordings, each.files) for each in found if isinstance(each, Verified)] == [
        ("ours", 2, 2),
        ("theirs", 1, 2),
    ]
    assert len(found) == 2
    assert isinstance(found[0], Verified)
    assert found[0].head == await two_kept.ledger.head("ours")
    assert found[0].size > 60_000


async def flip(vault: Vault) -> None:
    data = bytearray(path(vault, AGENT).read_bytes())
    data[-100] ^= 1
    path(vault, AGENT).write_bytes(bytes(data))


async def cut(vault: Vault) -> None:
    path(vault, AGENT).write_bytes(path(vault, AGENT).read_bytes()[:-1])


async def remove(vault: Vault) -> None:
    path(vault, AGENT).unlink()


async def exchange(vault: Vault) -> None:
    agent, party = path(vault, AGENT).read_bytes(), path(vault, PARTY).read_bytes()
    path(vault, AGENT).write_bytes(party)
    path(vault, PARTY).write_bytes(agent)


async def add_a_file(vault: Vault) -> None:
    path(vault, "ours/2025/11/24/c9").mkdir()
    path(vault, "ours/2025/11/24/c9/agent.sealed").write_bytes(b"x")


async def add_for_a_stranger(vault: Vault) -> None:
    path(vault, "stranger").mkdir()
    path(vault, "stranger/a.wav").write_bytes(b"x")


FILES: dict[str, tuple[Callable[[Vault], Awaitable[None]], list[tuple[str, str, str]]]] = {
    "a changed bit": (flip, [("changed-file", f"local disk: {AGENT}", "chunk 1 of 1 was changed")]),
    "a cut file": (cut, [("changed-file", f"local disk: {AGENT}", "it has 32087 bytes instead of 32088")]),
    "a missing file": (remove, [("missing-file", f"local disk: {AGENT}", "the file is missing")]),
    "exchanged files": (
        exchange,
        [
            ("changed-file", f"local disk: {AGENT}", "chunk 1 of 1 was changed"),
            ("changed-file", f"local disk: {PARTY}", "chunk 1 of 1 was changed"),
        ],
    ),
    "an extra file": (
        add_a_file,
        [("extra-file", "local disk: ours/2025/11/24/c9/agent.sealed", "no recording has this file")],
    ),
    "a stranger's file": (
        add_for_a_stranger,
        [("extra-file", "local disk: stranger/a.wav", "it belongs to no account")],
    ),
}


@pytest.mark.parametrize(("tamper", "expected"), FILES.values(), ids=FILES)
async def test_tampering_with_files_is_named(
    two_kept: Vault, tamper: Callable[[Vault], Awaitable[None]], expected: list[tuple[str, str, str]]
) -> None:
    await tamper(two_kept)

    assert await findings(two_kept) == expected


CHANGED = "the entry was changed: its hash does not match its content"
BROKEN = "the chain is broken: it does not continue the entry before"
UNALLOWED = "the {}'s leg was recorded, which no decision or consent in the ledger permits"
LEDGER = {
    "a changed entry": (
        "UPDATE ledger SET who = 'nobody' WHERE seq = 2",
        [("changed-entry", "ledger entry 2", CHANGED)],
    ),
    "a removed entry": (
        "DELETE FROM ledger WHERE seq = 3",
        [
            ("missing-entry", "ledger entry 3", "the entry is missing"),
            ("missing-entry", "c1", "the ledger has no entry for the agent's leg"),
        ],
    ),
    "a removed end": (
        "DELETE FROM ledger WHERE seq = 6",
        [
            ("missing-entry", "ledger entry 6", "the entry is missing"),
            ("missing-entry", "c2", "the ledger has no entry for the agent's leg"),
        ],
    ),
    "no beginning": (
        "DELETE FROM ledger WHERE seq = 1",
        [
            ("missing-entry", "ledger entry 1", "the entry is missing"),
            ("changed-record", "c1", "the ledger does not say what was decided"),
            ("leg-without-permission", "c1", UNALLOWED.format("agent")),
            ("leg-without-permission", "c1", UNALLOWED.format("party")),
        ],
    ),
    "another head": (
        "UPDATE ledger_heads SET hash = 'f'",
        [("broken-chain", "ledger entry 6", "the last entry is not the one that was written last")],
    ),
    "an entry put in at the end": (
        "INSERT INTO ledger SELECT account, 7, at, kind, NULL, who, data, hash, hash FROM ledger WHERE seq = 6",
        [
            ("changed-entry", "ledger entry 7", CHANGED),
            ("broken-chain", "ledger entry 7", "the entry was not written by the ledger"),
        ],
    ),
}


@pytest.mark.parametrize(("statement", "expected"), LEDGER.values(), ids=LEDGER)
async def test_tampering_with_the_ledger_is_named(
    two_kept: Vault, statement: str, expected: list[tuple[str, str, str]]
) -> None:
    await unguarded(two_kept, statement)

    assert await findings(two_kept) == expected


async def test_a_chain_mended_by_hand_does_not_match_an_earlier_head(two_kept: Vault) -> None:
    """Somebody who rewrites everything from an entry on, hashes and all, is found by whoever kept an old head."""
    seen = (await two_kept.ledger.head("ours")) or (0, "")
    entries = await two_kept.ledger.entries("ours", 0, 99)
    await unguarded(two_kept, "DELETE FROM ledger WHERE seq > 1")
    await sql(two_kept, "UPDATE ledger_heads SET last = 1, hash = '" + entries[0].hash + "'")
    changed = [
        Record(Kind(entry.kind), "ours", entry.at + 1, entry.call_id, entry.who, json.loads(entry.data))
        for entry in entries[1:]
    ]
    await two_kept.ledger.append(changed)

    assert await findings(two_kept) == [], "it is a perfect ledger"
    assert await findings(two_kept, ours=seen) == [
        (
            "broken-chain",
            "ledger entry 6",
            "the entry is not the one that an earlier verification saw: the ledger was rewritten",
        )
    ]


def changing(change: Callable[[KeptRecording], KeptRecording]) -> Callable[[Vault], Awaitable[None]]:
    async def tamper(vault: Vault) -> None:
        await vault.store.change("ours", "c1", lambda kept: (change(kept), ()))

    return tamper


def other_hash(kept: KeptRecording) -> KeptRecording:
    return replace(kept, files=(replace(kept.files[0], sha256="0" * 64), kept.files[1]))


async def forget(vault: Vault) -> None:
    await sql(vault, "DELETE FROM recordings WHERE id = 'c1'")


DATABASE: dict[str, tuple[Callable[[Vault], Awaitable[None]], list[tuple[str, str, str]]]] = {
    "another hash": (
        changing(other_hash),
        [
            ("changed-record", "c1", "the agent's leg has another hash than the ledger says"),
            ("changed-file", f"local disk: {AGENT}", "its hash is not the one on record"),
        ],
    ),
    "a leg less": (
        changing(lambda kept: replace(kept, files=kept.files[:1])),
        [
            ("changed-record", "c1", "the record lacks the party's leg, which the ledger says was kept"),
            ("extra-file", f"local disk: {PARTY}", "no recording has this file"),
        ],
    ),
    "no record": (
        forget,
        [
            ("missing-record", "c1", "the ledger says that it was kept; no record does"),
            ("extra-file", f"local disk: {AGENT}", "no recording has this file"),
            ("extra-file", f"local disk: {PARTY}", "no recording has this file"),
        ],
    ),
    "deleted without a word": (
        changing(lambda kept: replace(kept, state=State.DELETED)),
        [
            ("missing-entry", "c1", "it is deleted, and the ledger does not say why"),
            ("extra-file", f"local disk: {AGENT}", "no recording has this file"),
            ("extra-file", f"local disk: {PARTY}", "no recording has this file"),
        ],
    ),
    "a hold taken off in secret": (
        changing(lambda kept: replace(kept, holds=())),
        [("changed-record", "c1", "legal hold 'case 7' is in the ledger, not in the record")],
    ),
}


@pytest.mark.parametrize(("tamper", "expected"), DATABASE.values(), ids=DATABASE)
async def test_tampering_with_the_database_is_named(
    two_kept: Vault, tamper: Callable[[Vault], Awaitable[None]], expected: list[tuple[str, str, str]]
) -> None:
    if tamper is DATABASE["a hold taken off in secret"][0]:
        await two_kept.library.hold("ours", Selection(call_id="c1"), "case 7", "client boss")
    await tamper(two_kept)

    assert await findings(two_kept) == expected


async def test_a_recording_that_was_begun_and_is_nowhere_is_named(two_kept: Vault) -> None:
    began = [Record(Kind.STARTED, "ours", 1, call) for call in ("c1", "c5", "c6", "c7")]
    await two_kept.ledger.append([*began, Record(Kind.FAILED, "ours", 2, "c7")])
    await two_kept.write(recording_of("c5"))  # under way

    assert await findings(two_kept) == [
        ("missing-record", "c6", "the ledger says that it was begun; nothing of it is there")
    ]


async def test_a_spool_folder_that_says_nothing_is_named(two_kept: Vault) -> None:
    (two_kept.folder / "spool" / "c8").mkdir()

    assert await findings(two_kept) == [("extra-file", "spool: c8", "nothing says what was recorded there")]


async def test_a_wrong_key_is_named(two_kept: Vault) -> None:
    await sql(two_kept, "UPDATE recording_keys SET wrapped = 'AAAA' WHERE account = 'ours'")

    assert {detail for _, _, detail in await findings(two_kept)} == {
        "the key of account ours/1 can't be opened: it was changed, or sealed with another key"
    }


async def test_tampering_with_the_object_store_is_named(still: Vault, object_store: ObjectStore) -> None:
    client, bucket = object_store.client(), object_store.name
    async with working(Vault(still.folder, still.database, object_store.bucket)) as vault:
        for call in ("c1", "c2", "c3"):
            await vault.kept(recording_of(call, [Side.AGENT]))
            await vault.rests(recording_of(call), State.REMOTE)
        assert await findings(vault) == []

        names = object_store.names()
        body = bytearray(client.get_object(Bucket=bucket, Key=names[0])["Body"].read())
        body[200] ^= 1
        client.put_object(Bucket=bucket, Key=names[0], Body=bytes(body))
        client.delete_object(Bucket=bucket, Key=names[1])
        client.put_object(Bucket=bucket, Key="vault/ours/extra", Body=b"x")

        assert await findings(vault) == [
            ("changed-file", "object store: ours/2025/11/24/c1/agent.sealed", "chunk 1 of 1 was changed"),
            ("missing-file", "object store: ours/2025/11/24/c2/agent.sealed", "the file is missing"),
            ("extra-file", "object store: ours/extra", "no recording has this file"),
        ]
        object_store.stop()
        assert {code for code, _, _ in await findings(vault)} == {"unreadable-file", "unreadable-place"}


async def test_one_account_is_verified_alone(two_kept: Vault) -> None:
    await two_kept.kept(replace(recording_of("c1"), account="theirs"))
    await flip(two_kept)

    assert [type(found) for found in await verified(two_kept, "theirs")] == [Verified]
    assert [type(found) for found in await verified(two_kept, "ours")] == [Finding, Verified]


async def test_an_accounts_key_that_was_destroyed_and_is_there_is_named(two_kept: Vault) -> None:
    sealed = (await two_kept.store.keys("ours"))[0].wrapped
    await two_kept.keys.renew_account("ours", None)
    assert await findings(two_kept) == []

    await sql(two_kept, f"UPDATE recording_keys SET wrapped = '{sealed}' WHERE generation = 1")

    assert await findings(two_kept) == [
        ("changed-record", "account key 1", "the ledger says that it was destroyed; it is there")
    ]
