"""Erasures in both databases: an order, and then the certificate in its place."""

from sqlalchemy import text

from outdial.calls.erasure_store import ErasureOrder
from outdial.calls.recording_library import Selection
from outdial.domain.ledger import Kind, Record
from outdial.storage.database import Database
from outdial.storage.erasures import StoredErasures
from outdial.storage.ledger import StoredLedger


def order_of(name: str, at: int = 1_000, account: str = "ours") -> ErasureOrder:
    return ErasureOrder(name, account, at, "client c", "their wish", Selection(number="+442079460123"), ("c1", "c2"))


async def test_an_order_is_unfinished_until_it_is_certified(database: Database) -> None:
    erasures, later, first = StoredErasures(database), order_of("b", 2_000), order_of("a", account="theirs")
    for order in (later, first):
        await erasures.order(order)
    assert list(await erasures.unfinished()) == [first, later]
    assert await erasures.certificate("ours", "b") is None

    await erasures.certify(later, {"certificate": "b"}, [Record(Kind.CERTIFIED, "ours", 2_001)])
    assert list(await erasures.unfinished()) == [first]
    assert await erasures.certificate("ours", "b") == {"certificate": "b"}
    assert await erasures.certificate("theirs", "b") is None
    assert [entry.kind for entry in await StoredLedger(database).entries("ours", 0, 9)] == ["erasure.certified"]


async def test_the_latest_certificates_of_an_account_come_first(database: Database) -> None:
    erasures = StoredErasures(database)
    for at, name in enumerate("abc"):
        order = order_of(name, at, "theirs" if name == "b" else "ours")
        await erasures.order(order)
        await erasures.certify(order, {"certificate": name}, ())
    assert [each["certificate"] for each in await erasures.certificates("ours", 9)] == ["c", "a"]
    assert [each["certificate"] for each in await erasures.certificates("ours", 1)] == ["c"]


async def test_an_order_that_can_not_be_read_keeps_no_other_waiting(database: Database) -> None:
    erasures = StoredErasures(database)
    for name in "ab":
        await erasures.order(order_of(name))
    await database.write(lambda c: c.execute(text("UPDATE recording_erasures SET ordered = '{}' WHERE id = 'a'")))
    assert list(await erasures.unfinished()) == [order_of("b")]
