"""An account that is removed is out of use at once; all it had goes little by little, between others' writes."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import func, insert, select

from outdial.calls.crm import TaskState
from outdial.calls.directory import AlreadyExists, Unknown
from outdial.crm.sealing import KeySealing
from outdial.domain.crm import CrmSettings, HttpRequest
from outdial.domain.directory import Account
from outdial.domain.presence import Presence
from outdial.domain.refusals import AccountDisabled
from outdial.domain.webhooks import Webhook
from outdial.storage import tables
from outdial.storage.batches import BATCH
from outdial.storage.crm import StoredCrms
from outdial.storage.crm_tables import crm_tasks
from outdial.storage.database import Database, open_database
from outdial.storage.deliveries import StoredDeliveries
from outdial.storage.removal import clear_removed
from outdial.storage.retention import forget_old
from outdial.storage.webhooks import StoredWebhooks
from support.stored import NOW, OURS, THEIRS, World, named

CRM = CrmSettings(OURS, HttpRequest("https://crm.example.com", "{}", "whsec_x"), "A call", created_at=NOW)
MANY = 2 * BATCH + 1
OUTLIVES = ("recording", "ledger")


@pytest.fixture
def crms(database: Database) -> StoredCrms:
    return StoredCrms(database, KeySealing(bytes(32)))


async def with_tasks(world: World, crms: StoredCrms, state: TaskState = TaskState.DEAD) -> None:
    """A CRM with many tasks."""
    await crms.put(CRM)
    task = {"account": OURS, "ended_at": NOW, "task": "{}", "state": state.value, "attempts": 9}
    many = [{**task, "call_id": f"c{seq}", "seq": seq, "due_at": NOW, "give_up_at": NOW} for seq in range(MANY)]
    await world.database.write(lambda c: c.execute(insert(crm_tasks), many))


async def left_of(database: Database, account: str) -> dict[str, int]:
    """How many rows of an account there are, in each table that it should leave."""
    found = {}
    for name, table in tables.metadata.tables.items():
        if "account" in table.c and not name.startswith(OUTLIVES):
            counted = select(func.count()).select_from(table).where(table.c.account == account)
            found[name] = await database.read(lambda c, s=counted: c.execute(s).scalar_one())  # type: ignore[misc]
    return {name: count for name, count in found.items() if count}


async def comes_between(monkeypatch: pytest.MonkeyPatch, world: World, work: Callable[[], Awaitable[object]]) -> None:
    """Another account writes while something is written for ours: it is durable before all of ours is."""
    write, order, others = Database.write, list[str](), list[asyncio.Task[None]]()

    async def other() -> None:
        await write(world.database, lambda _: None, account=THEIRS)
        order.append(THEIRS)

    async def noted(self: Database, *what: object, **how: object) -> object:
        if how.get("account") == OURS and order == [OURS]:
            others.append(asyncio.create_task(other()))
        done: object = await write(self, *what, **how)  # type: ignore[arg-type]
        order.append(OURS)
        return done

    monkeypatch.setattr(Database, "write", noted)
    await work()
    assert len(others) == 1, "ours was one single write"
    await others[0]
    assert order.index(THEIRS) < len(order) - 1, order


async def test_an_account_that_is_removed_is_out_of_use_before_anything_of_it_is_deleted(
    world: World, crms: StoredCrms
) -> None:
    await world.end(await world.place("c1"))
    await StoredWebhooks(world.database).add(Webhook(OURS, "w", "https://x.test", "secret", created_at=1))
    await crms.put(CRM)
    directory = world.directory

    await directory.remove_account(OURS)

    assert (await left_of(world.database, OURS)).keys() >= {"calls", "outbox", "webhooks", "crms"}
    assert await directory.account(OURS) is None
    assert [account.key for account in await directory.accounts()] == [THEIRS]
    assert await directory.client("ours-client") is None
    assert {each.account for each in [*await directory.all_agents(), *await directory.all_trunks()]} == {THEIRS}
    assert await StoredDeliveries(world.database).subscriptions() == []
    assert await crms.connections() == []
    with pytest.raises(AccountDisabled):
        await world.place("c2", named("c2"))
    for refused in (
        directory.remove_account(OURS),
        directory.change_account(Account(OURS, "Ours", "GB")),
        directory.set_presence(OURS, "1", Presence.AWAY, NOW),
    ):
        with pytest.raises(Unknown):
            await refused
    with pytest.raises(AlreadyExists, match="account ours is still being removed"):
        await directory.add_account(Account(OURS, "Ours", "GB"))


async def test_what_a_crash_left_of_a_removed_account_goes_at_the_next_start(url: str, world: World) -> None:
    await world.end(await world.place("c1"))
    await world.end(await world.place("c2", named("c2", account=THEIRS)))
    theirs = await left_of(world.database, THEIRS)
    await world.directory.remove_account(OURS)

    async with open_database(url) as after:
        await forget_old(after, 90, NOW)

        assert await left_of(after, OURS) == {}
        assert await left_of(after, THEIRS) == theirs
    await world.directory.add_account(Account(OURS, "Ours", "GB"))


async def test_others_write_while_a_large_account_is_deleted(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(5):
        await world.end(await world.place(f"c{number}", wrap_up_seconds=0))
    await world.directory.remove_account(OURS)
    await comes_between(monkeypatch, world, lambda: clear_removed(world.database, batch=2))
    assert await left_of(world.database, OURS) == {}


async def test_others_write_while_a_crm_with_many_tasks_is_removed(
    world: World, crms: StoredCrms, monkeypatch: pytest.MonkeyPatch
) -> None:
    await with_tasks(world, crms)
    await comes_between(monkeypatch, world, lambda: crms.remove(OURS))
    assert await crms.crm(OURS) is None
    assert await crms.tasks(OURS, None, None, 9) == []
    with pytest.raises(Unknown):
        await crms.remove(OURS)


async def test_others_write_while_many_calls_are_told_again(
    world: World, crms: StoredCrms, monkeypatch: pytest.MonkeyPatch
) -> None:
    await with_tasks(world, crms)
    told: list[int] = []

    async def replay() -> None:
        told.append(await crms.replay(OURS, None, NOW + 1))

    await comes_between(monkeypatch, world, replay)
    assert told == [MANY]
    assert (await crms.standing(OURS)).waiting == MANY


async def test_a_crm_that_is_being_removed_is_told_nothing_more(
    world: World, crms: StoredCrms, monkeypatch: pytest.MonkeyPatch
) -> None:
    await with_tasks(world, crms, TaskState.WAITING)
    connected: list[int] = []
    write = Database.write

    async def noted(self: Database, *what: object, **how: object) -> object:
        done: object = await write(self, *what, **how)  # type: ignore[arg-type]
        connected.append(len(await crms.connections()))
        return done

    monkeypatch.setattr(Database, "write", noted)
    await crms.remove(OURS)
    assert set(connected) == {0}
