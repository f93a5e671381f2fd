"""The worker with a real database and receivers: nothing lost, nothing overtaken, nobody kept waiting by others."""

import asyncio
import json
from collections import defaultdict
from dataclasses import replace

import pytest
from standardwebhooks import Webhook as Verifier

from outdial.domain import deliveries as rule
from outdial.domain.webhooks import Webhook, secret_of
from outdial.webhooks import courier as courier_module
from outdial.webhooks import line as line_module
from support import receivers
from support.posting import SECRET, Post, until
from support.receivers import Receiver, Request, receiver, status
from support.stored import OURS, THEIRS


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses of milliseconds."""
    monkeypatch.setattr(rule, "PAUSES", (20, 40))
    monkeypatch.setattr(rule, "LONGEST_REST", 50)
    monkeypatch.setattr(courier_module, "STORE_MS", 5)
    monkeypatch.setattr(courier_module, "DRIFT_MS", 5)


def sequences(there: Receiver) -> list[int]:
    return [int(json.loads(request.body)["sequence"]) for request in there.requests]


async def test_events_from_the_subscription_on_are_delivered_in_order_signed_and_only_those_wanted(post: Post) -> None:
    await post.happen("before")
    async with receiver(status(200)) as there, post.working():
        await post.subscribe(there, types=("call.placed.*",))
        await post.happen("a", "a", "b")
        await post.happen("a", kind="call.ended.v1")
        await post.happen("a", account=THEIRS)
        await post.happen("c")
        await post.settled()
        assert sorted(sequences(there)) == [2, 3, 4, 6]
        assert sequences(there).index(2) < sequences(there).index(3)
        for request in there.requests:
            event = Verifier(SECRET).verify(request.body, request.headers)
            assert request.headers["webhook-id"] == event["id"]
    assert post.counted.outcomes == ["delivered"] * 4
    assert post.counted.lags == {"webhook w1": None}


async def test_a_failed_delivery_is_repeated_with_the_same_id_and_body_and_its_call_waits(post: Post) -> None:
    failing = True

    async def answer(request: Request, writer: asyncio.StreamWriter) -> None:
        fails = failing and '"callId":"a"' in request.body
        await status(500 if fails else 200)(request, writer)

    async with receiver(answer) as there, post.working():
        await post.subscribe(there)
        await post.happen("a", "a", "b", "c")
        await until(lambda: _log_has(post, 5))
        assert 2 not in sequences(there)
        failing = False
        await post.settled()
    by_sequence: dict[int, set[tuple[str, str]]] = defaultdict(set)
    for seq, request in zip(sequences(there), there.requests, strict=True):
        by_sequence[seq].add((request.headers["webhook-id"], request.body))
    assert sorted(by_sequence) == [1, 2, 3, 4]
    assert all(len(each) == 1 for each in by_sequence.values())
    assert len({event_id for each in by_sequence.values() for event_id, _ in each}) == 4
    assert sequences(there)[-1] == 2


async def _log_has(post: Post, lines: int) -> bool:
    return len(await post.webhooks.attempts(OURS, "w1", None, 100)) >= lines


async def test_a_receiver_that_hangs_holds_up_nobody_else(post: Post) -> None:
    async with receiver(receivers.hang) as hanging, receiver(status(200)) as there, post.working():
        await post.subscribe(hanging, "w1")
        await post.subscribe(hanging, "w2")
        await post.subscribe(there, "w3")
        await post.subscribe(there, "w4", account=THEIRS)
        await post.happen(*(f"call{number}" for number in range(200)))
        await post.happen("other", account=THEIRS)
        await post.settled("w3")
        await post.settled("w4", THEIRS)
        assert len(hanging.requests) == 2 * line_module.MOST_AT_ONCE
    assert len(there.requests) == 201


async def test_what_was_not_settled_at_a_kill_is_delivered_by_the_next_process(post: Post) -> None:
    async with receiver(receivers.hang) as there:
        await post.subscribe(there)
        await post.happen("a", "b", "c")
        async with post.killable() as (_, task):
            await there.until(3)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        assert (await post.webhooks.standing(OURS, "w1")).progress.cursor == 0
        first = {request.headers["webhook-id"] for request in there.requests}
        there.answer = status(200)
        async with post.working():
            await post.settled()
        assert {request.headers["webhook-id"] for request in there.requests[3:]} == first


async def test_what_was_delivered_before_a_stop_is_not_delivered_again(post: Post) -> None:
    async with receiver(status(200)) as there:
        await post.subscribe(there)
        await post.happen("a", "b", "c")
        async with post.working():
            await there.until(3)
            await until(lambda: _count(post, 3))
        async with post.working():
            await post.happen("d")
            await post.settled()
        assert sorted(sequences(there)) == [1, 2, 3, 4]


async def _count(post: Post, outcomes: int) -> bool:
    return len(post.counted.outcomes) == outcomes


async def test_a_delivery_that_is_given_up_can_be_replayed(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line_module, "GIVE_UP_AFTER", 30)
    async with receiver(status(500)) as there, post.working() as worker:
        await post.subscribe(there)
        await post.happen("a")
        await until(lambda: _dead(post, 1))
        [dead] = await post.webhooks.deliveries(OURS, "w1", dead=True, after=0, limit=10)
        assert (dead.seq, dead.status, dead.error) == (1, 500, "answered 500")
        assert post.counted.given_up == 1
        there.answer = status(200)
        assert await post.webhooks.replay(OURS, "w1", None, 0) == 1
        worker.changed()
        await post.settled()
        assert (await post.webhooks.standing(OURS, "w1")).dead == 0
    assert len({request.headers["webhook-id"] for request in there.requests}) == 1


async def _dead(post: Post, count: int) -> bool:
    return (await post.webhooks.standing(OURS, "w1")).dead == count


async def test_everything_after_a_point_can_be_delivered_again(post: Post) -> None:
    async with receiver(status(200)) as there, post.working() as worker:
        await post.subscribe(there)
        await post.happen("a", "b", "c")
        await post.settled()
        await post.webhooks.replay_after(OURS, "w1", 1)
        worker.changed()
        await there.until(5)
        await post.settled()
        assert sorted(sequences(there)) == [1, 2, 2, 3, 3]


async def test_gone_switches_it_off_for_good_says_so_and_keeps_what_was_not_delivered(post: Post) -> None:
    async with receiver(status(410)) as gone, receiver(status(200)) as there, post.working() as worker:
        webhook = await post.subscribe(gone)
        await post.subscribe(there, "w2", types=("webhook.*",))
        await post.happen("a")
        await there.until(1)
        told = json.loads(there.requests[0].body)
        assert (told["type"], told["subject"]) == ("webhook.disabled.v1", "webhooks/w1")
        off = await post.webhooks.webhook(OURS, "w1")
        assert off is not None
        assert (off.enabled, off.disabled_reason) == (False, "the receiver answered 410 Gone")
        await post.happen("b")
        await post.webhooks.change(replace(webhook, url=there.url, types=("call.*",)))
        worker.changed()
        await post.settled()
    assert sorted(sequences(there)) == [1, 2, 3]


async def test_a_change_is_taken_up_and_a_removed_webhook_gets_nothing_more(post: Post) -> None:
    async with receiver(status(200)) as there, receiver(status(200)) as elsewhere, post.working() as worker:
        webhook = await post.subscribe(there)
        await post.happen("a")
        await post.settled()
        new = secret_of(bytes([1]) * 32)
        await post.webhooks.change(
            replace(webhook, url=elsewhere.url, secret=new, previous_secret=SECRET, previous_until=10**15)
        )
        worker.changed()
        await asyncio.sleep(0)
        await until(lambda: _taken_up(post))
        await post.happen("b")
        await elsewhere.until(1)
        for secret in (SECRET, new):
            Verifier(secret).verify(elsewhere.requests[0].body, elsewhere.requests[0].headers)
        await post.settled()
        await post.webhooks.remove(OURS, "w1")
        worker.changed()
        await post.subscribe(there, "w2")
        await post.happen("c")
        await post.settled("w2")
    assert (sequences(there), sequences(elsewhere)) == ([1, 3], [2])


async def _taken_up(post: Post) -> bool:
    assert post.worker is not None
    courier, _ = post.worker._couriers["w1"]
    return courier.subscription.webhook.revision == 1 and not courier._stale


async def test_a_test_delivery_goes_out_at_once_and_into_the_log(post: Post) -> None:
    async with receiver(status(202)) as there, post.working() as worker:
        await post.subscribe(there, enabled=True)
        [subscription] = await post.deliveries.subscriptions()
        await until(lambda: _runs(post))
        outcome = await worker.test(subscription)
        assert (outcome.status, outcome.delivered) == (202, True)
        event = Verifier(SECRET).verify(there.requests[0].body, there.requests[0].headers)
        assert (event["type"], event["data"]) == ("webhook.test.v1", {"webhookId": "w1"})
        [(_, line)] = await post.webhooks.attempts(OURS, "w1", None, 10)
        assert (line.seq, line.type, line.outcome.status) == (None, "webhook.test.v1", 202)


async def _runs(post: Post) -> bool:
    return post.worker is not None and post.worker._sender is not None


async def test_a_forbidden_address_is_told_in_the_log_and_counted(post: Post) -> None:
    async with receiver(status(200)) as there, post.working():
        await post.webhooks.add(Webhook(OURS, "w1", f"https://10.0.0.1:{there.port}/", SECRET))
        assert post.worker is not None
        post.worker.changed()
        await post.happen("a")
        await until(lambda: _log_has(post, 1))
        [(_, first), *_] = reversed(await post.webhooks.attempts(OURS, "w1", None, 10))
        assert first.outcome.error == "refused: 10.0.0.1 is private"
        assert post.counted.outcomes[0] == "refused"


async def test_a_webhook_that_wants_nothing_of_it_all_keeps_its_place(post: Post) -> None:
    async with receiver(status(200)) as there, post.working():
        await post.subscribe(there, types=("agent.*",))
        for _ in range(5):
            await post.happen(*(f"call{number}" for number in range(100)))
        await post.settled()
        assert there.requests == []
