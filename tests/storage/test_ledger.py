"""The ledger: numbered without gaps, chained, added to in the transaction of what it records, and never changed."""

import asyncio

import pytest
from sqlalchemy import delete, update
from sqlalchemy.exc import DBAPIError

from outdial.domain.ledger import BEGINNING, Kind, Record
from outdial.storage.database import Database
from outdial.storage.ledger import StoredLedger, add_records
from outdial.storage.recording_tables import ledger
from support.chains import faults


def record(account: str = "ours", call: str = "c1", kind: Kind = Kind.STARTED, **data: object) -> Record:
    return Record(kind, account, 1_000, call, "agent 1", dict(data))


async def test_entries_are_numbered_and_chained_per_account(database: Database) -> None:
    entries = StoredLedger(database)
    await entries.append([record(n=1), record(n=2)])
    await entries.append([record("theirs")])
    await entries.append([record(n=3)])

    ours = await entries.entries("ours", 0, 10)

    assert [entry.seq for entry in ours] == [1, 2, 3]
    assert [entry.previous for entry in ours] == [BEGINNING, ours[0].hash, ours[1].hash]
    assert await entries.head("ours") == (3, ours[2].hash)
    assert faults(ours, await entries.head("ours")) == []
    assert [entry.seq for entry in await entries.entries("theirs", 0, 10)] == [1]
    assert await entries.accounts() == ["ours", "theirs"]


async def test_writers_at_once_never_continue_the_same_entry(database: Database) -> None:
    entries = StoredLedger(database)

    await asyncio.gather(*(entries.append([record(n=n), record(n=-n)]) for n in range(40)))

    found = await entries.entries("ours", 0, 1_000)
    assert len(found) == 80
    assert faults(found, await entries.head("ours")) == []


async def test_what_undoes_the_transaction_undoes_the_entry(database: Database) -> None:
    def work(connection: object) -> None:
        add_records(connection, [record()])  # type: ignore[arg-type]
        raise RuntimeError("no")

    entries = StoredLedger(database)
    await entries.append([record(n=1)])
    with pytest.raises(RuntimeError):
        await database.write(work, account="ours")
    await entries.append([record(n=2)])

    found = await entries.entries("ours", 0, 10)
    assert [entry.data for entry in found] == ['{"n":1}', '{"n":2}']
    assert faults(found, await entries.head("ours")) == []


@pytest.mark.parametrize("change", [update(ledger).values(who="nobody"), delete(ledger)])
async def test_the_database_refuses_to_change_an_entry(database: Database, change: object) -> None:
    entries = StoredLedger(database)
    await entries.append([record()])

    with pytest.raises(DBAPIError, match="only ever added to"):
        await database.write(lambda connection: connection.execute(change))  # type: ignore[call-overload]

    assert [entry.who for entry in await entries.entries("ours", 0, 10)] == ["agent 1"]


async def test_the_entries_of_one_call_are_found(database: Database) -> None:
    entries = StoredLedger(database)
    await entries.append([record(call="c1"), record(call="c2"), record(call="c1")])

    assert [entry.seq for entry in await entries.entries("ours", 0, 10, "c1")] == [1, 3]
    assert await entries.entries("theirs", 0, 10, "c1") == []
