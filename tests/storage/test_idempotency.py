"""Idempotency keys: one call for a key, whoever dies in between."""

import asyncio

import pytest

from outdial.calls.directory import Claim, Claimed
from outdial.domain.refusals import AgentBusy, StoreUnavailable
from outdial.storage.idempotency import KEPT_MS, STRANGERS_PATIENCE_MS, StoredIdempotency
from support.stored import NOW, OURS, THEIRS, World, named, planner

ANSWER = {"status": 201, "headers": {"location": "/x"}, "body": '{"id": "c1"}'}


def keys(world: World, owner: str = "main") -> StoredIdempotency:
    return StoredIdempotency(world.database, owner)


async def claim(keys: StoredIdempotency, body: str = "body", now: int = NOW, account: str = OURS) -> Claimed:
    return await keys.claim(account, "key", body, now)


async def test_the_first_claim_is_new_and_the_others_learn_that_it_is_under_way(world: World) -> None:
    here = keys(world)
    claims = await asyncio.gather(*(claim(here) for _ in range(5)))
    assert sorted(each.claim for each in claims) == [Claim.NEW, *[Claim.UNDER_WAY] * 4]
    assert len({each.idempotency_id for each in claims}) == 1


async def test_a_settled_key_gives_its_answer_again(world: World) -> None:
    here = keys(world)
    first = await claim(here)
    await here.settle(first.idempotency_id, ANSWER)
    assert await claim(here) == Claimed(Claim.REPLAY, first.idempotency_id, ANSWER)
    assert await claim(keys(world, "another")) == Claimed(Claim.REPLAY, first.idempotency_id, ANSWER)


async def test_another_body_is_told_apart_whether_the_first_is_answered_or_not(world: World) -> None:
    here = keys(world)
    first = await claim(here)
    assert (await claim(here, "another")).claim is Claim.MISMATCH
    await here.settle(first.idempotency_id, ANSWER)
    assert (await claim(here, "another")).claim is Claim.MISMATCH


async def test_an_abandoned_key_is_free_for_any_body(world: World) -> None:
    here = keys(world)
    first = await claim(here)
    await here.abandon(first.idempotency_id)
    assert (await claim(here, "another")).claim is Claim.NEW


async def test_keys_are_an_accounts_own(world: World) -> None:
    here = keys(world)
    first = await claim(here)
    assert (await claim(here, account=THEIRS)).claim is Claim.NEW
    await here.settle(first.idempotency_id, ANSWER)
    assert (await claim(here, account=THEIRS)).claim is Claim.UNDER_WAY


async def test_a_key_is_kept_for_a_day(world: World) -> None:
    here = keys(world)
    first = await claim(here)
    await here.settle(first.idempotency_id, ANSWER)
    assert (await claim(here, now=NOW + KEPT_MS - 1)).claim is Claim.REPLAY
    again = await claim(here, "another", now=NOW + KEPT_MS)
    assert again.claim is Claim.NEW
    assert (await claim(here, "another", now=NOW + KEPT_MS)).claim is Claim.UNDER_WAY


async def test_a_key_whose_process_died_is_free_for_its_successor_at_once(world: World) -> None:
    await claim(keys(world))
    successor = keys(world)
    assert (await claim(successor, "another")).claim is Claim.NEW
    assert (await claim(successor, "another")).claim is Claim.UNDER_WAY


async def test_a_strangers_key_is_left_alone_for_a_while(world: World) -> None:
    await claim(keys(world))
    stranger = keys(world, "another")
    assert (await claim(stranger, now=NOW + STRANGERS_PATIENCE_MS - 1)).claim is Claim.UNDER_WAY
    assert (await claim(stranger, now=NOW + STRANGERS_PATIENCE_MS)).claim is Claim.NEW


async def test_the_call_of_a_process_that_died_is_replayed(world: World) -> None:
    first = await claim(keys(world))
    wanted = named("c1")
    call = await world.calls.place(wanted, planner(wanted), NOW, first.idempotency_id)
    successor = keys(world)
    assert await claim(successor) == Claimed(Claim.REPLAY, first.idempotency_id, None, call)
    assert (await claim(successor, "another")).claim is Claim.MISMATCH
    await world.end(call)
    await successor.settle(first.idempotency_id, ANSWER)
    assert await claim(successor) == Claimed(Claim.REPLAY, first.idempotency_id, ANSWER)


async def test_of_several_agents_that_were_tried_the_last_call_is_replayed(world: World) -> None:
    first = await claim(keys(world))
    for number, agent in enumerate(("1", "2", "3")):
        wanted = named(f"c{9 - number}", agent)
        await world.calls.place(wanted, planner(wanted, NOW + number), NOW + number, first.idempotency_id)
    replayed = await claim(keys(world))
    assert replayed.call is not None
    assert replayed.call.id == "c7"


async def test_a_refused_call_frees_its_key_for_a_successor(world: World) -> None:
    await world.place("c0")
    first = await claim(keys(world))
    wanted = named("c1")
    with pytest.raises(AgentBusy):
        await world.calls.place(wanted, planner(wanted), NOW, first.idempotency_id)
    assert (await claim(keys(world))).claim is Claim.NEW


async def test_a_key_that_could_not_be_settled_is_not_under_way_for_ever(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = keys(world)
    first = await claim(here)
    wanted = named("c1")
    call = await world.calls.place(wanted, planner(wanted), NOW, first.idempotency_id)
    write = world.database.write

    async def away(*_: object, **__: object) -> None:
        raise StoreUnavailable

    monkeypatch.setattr(world.database, "write", away)
    with pytest.raises(StoreUnavailable):
        await here.settle(first.idempotency_id, ANSWER)
    monkeypatch.setattr(world.database, "write", write)
    assert await claim(here) == Claimed(Claim.REPLAY, first.idempotency_id, None, call)
