"""Webhooks on both databases: managed, settled in one commit, isolated by account, bounded."""

from dataclasses import replace

import pytest

from outdial.calls.directory import Unknown
from outdial.calls.webhooks import Attempt, Delivery, Progress, Settled, Subscription
from outdial.domain.deliveries import GIVE_UP_AFTER, Outcome
from outdial.domain.webhooks import MOST_WEBHOOKS, SignatureForm, TooManyWebhooks, Webhook
from outdial.storage import deliveries as deliveries_module
from outdial.storage.deliveries import StoredDeliveries
from outdial.storage.outbox import StoredNotices
from outdial.storage.webhooks import StoredWebhooks
from support.stored import NOW, OURS, THEIRS, World

HOOK = Webhook(
    OURS,
    "w1",
    "https://example.com/hook",
    "whsec_new",
    types=("call.*", "agent.state.changed.v1"),
    name="The CRM",
    form=SignatureForm.VONAGE,
    previous_secret="whsec_old",
    previous_until=NOW,
    created_at=NOW,
)


@pytest.fixture
def webhooks(world: World) -> StoredWebhooks:
    return StoredWebhooks(world.database)


@pytest.fixture
def store(world: World) -> StoredDeliveries:
    return StoredDeliveries(world.database)


def delivery(seq: int, **more: int) -> Delivery:
    return Delivery(seq, f"id{seq}", "call.placed.v1", "calls/c1", f"body{seq}", parked_at=NOW, give_up_at=NOW, **more)


def attempt(number: int = 1) -> Attempt:
    return Attempt(NOW, 1, "id1", "call.placed.v1", number, Outcome(500, "answered 500", 12))


async def test_a_webhook_is_kept_as_it_was_given(webhooks: StoredWebhooks) -> None:
    await webhooks.add(HOOK)
    assert await webhooks.webhook(OURS, "w1") == HOOK
    changed = replace(HOOK, url="https://example.com/other", types=("*",), enabled=False, disabled_reason="no")
    await webhooks.change(changed)
    assert await webhooks.webhooks(OURS) == [replace(changed, revision=1)]
    await webhooks.remove(OURS, "w1")
    assert await webhooks.webhooks(OURS) == []


async def test_no_method_reaches_another_accounts_webhook(webhooks: StoredWebhooks) -> None:
    await webhooks.add(HOOK)
    assert await webhooks.webhooks(THEIRS) == []
    assert await webhooks.webhook(THEIRS, "w1") is None
    for reach in (
        webhooks.change(replace(HOOK, account=THEIRS, url="https://evil.example")),
        webhooks.remove(THEIRS, "w1"),
        webhooks.standing(THEIRS, "w1"),
        webhooks.attempts(THEIRS, "w1", None, 10),
        webhooks.deliveries(THEIRS, "w1", dead=True, after=0, limit=10),
        webhooks.replay(THEIRS, "w1", None, NOW),
        webhooks.replay_after(THEIRS, "w1", 0),
    ):
        with pytest.raises(Unknown):
            await reach
    assert await webhooks.webhook(OURS, "w1") == HOOK


async def test_an_account_has_so_many_and_no_more(webhooks: StoredWebhooks) -> None:
    for number in range(MOST_WEBHOOKS):
        await webhooks.add(replace(HOOK, id=f"w{number}"))
    with pytest.raises(TooManyWebhooks):
        await webhooks.add(replace(HOOK, id="one-more"))
    await webhooks.add(replace(HOOK, id="theirs", account=THEIRS))


async def test_a_new_webhook_begins_after_what_has_happened(
    world: World, webhooks: StoredWebhooks, store: StoredDeliveries
) -> None:
    await world.place("c1")
    last = await StoredNotices(world.database).last(OURS)
    await webhooks.add(HOOK)
    assert last > 0
    assert await store.load(HOOK) == (Progress(last), [])


async def test_what_became_of_deliveries_is_kept_together(webhooks: StoredWebhooks, store: StoredDeliveries) -> None:
    await webhooks.add(HOOK)
    progress = Progress(3, 0, 2, NOW, NOW + 5)
    settled = Settled(progress, parked=[delivery(1), delivery(2)], dead=[delivery(3)], attempts=[attempt()], at=NOW)
    assert await store.settle(HOOK, settled)
    assert await store.load(HOOK) == (progress, [delivery(1), delivery(2)])
    again = delivery(2, attempts=5, status=500)
    assert await store.settle(HOOK, Settled(Progress(4), parked=[again], done=[1], attempts=[attempt(2)]))
    assert await store.load(HOOK) == (Progress(4), [again])
    standing = await webhooks.standing(OURS, "w1")
    assert (standing.waiting, standing.dead) == (1, 1)
    assert await webhooks.deliveries(OURS, "w1", dead=True, after=0, limit=10) == [delivery(3)]
    assert await webhooks.attempts(OURS, "w1", None, 10) == [(2, attempt(2)), (1, attempt())]
    assert await webhooks.attempts(OURS, "w1", 2, 10) == [(1, attempt())]


async def test_a_cursor_that_somebody_moved_stays_where_they_put_it(
    webhooks: StoredWebhooks, store: StoredDeliveries
) -> None:
    await webhooks.add(HOOK)
    await store.settle(HOOK, Settled(Progress(9), dead=[delivery(5), delivery(2)]))
    await webhooks.replay_after(OURS, "w1", 3)
    assert not await store.settle(HOOK, Settled(Progress(10), done=[1]))
    loaded = await store.load(HOOK)
    assert loaded is not None
    assert loaded[0] == Progress(3, epoch=1)
    assert await webhooks.deliveries(OURS, "w1", dead=True, after=0, limit=9) == [delivery(2)]
    assert await store.settle(HOOK, Settled(Progress(10, epoch=1)))


async def test_dead_deliveries_are_replayed_all_or_some(webhooks: StoredWebhooks, store: StoredDeliveries) -> None:
    await webhooks.add(HOOK)
    await store.settle(HOOK, Settled(Progress(3), dead=[delivery(seq, attempts=17) for seq in (1, 2, 3)]))
    assert await webhooks.replay(OURS, "w1", [2, 99], NOW + 1) == 1
    loaded = await store.load(HOOK)
    assert loaded is not None
    [revived] = loaded[1]
    assert (revived.seq, revived.attempts, revived.due_at) == (2, 0, NOW + 1)
    assert revived.give_up_at == NOW + 1 + GIVE_UP_AFTER
    assert await webhooks.replay(OURS, "w1", None, NOW) == 2
    changed = await webhooks.webhook(OURS, "w1")
    assert changed is not None
    assert changed.revision == 2


async def test_a_replay_of_everything_makes_what_waits_due_at_once(
    webhooks: StoredWebhooks, store: StoredDeliveries
) -> None:
    await webhooks.add(HOOK)
    await store.settle(HOOK, Settled(Progress(3), parked=[delivery(1, attempts=4, due_at=NOW + 600_000)]))
    assert await webhooks.replay(OURS, "w1", [9], NOW) == 0
    assert (await waiting(store))[0].due_at == NOW + 600_000
    assert await webhooks.replay(OURS, "w1", None, NOW) == 0
    [delivered] = await waiting(store)
    assert (delivered.due_at, delivered.attempts) == (NOW, 4)


async def waiting(store: StoredDeliveries) -> list[Delivery]:
    loaded = await store.load(HOOK)
    assert loaded is not None
    return list(loaded[1])


async def test_switched_off_it_is_not_delivered_to_and_that_is_noted_once(
    world: World, webhooks: StoredWebhooks, store: StoredDeliveries
) -> None:
    await webhooks.add(HOOK)
    with_secret = replace(HOOK, url="https://example.com/hook?token=secret")
    for _ in range(2):
        await store.settle(with_secret, Settled(Progress(0, failures=20), disabled="gone", at=NOW))
    [(_, notice)] = await StoredNotices(world.database).after(OURS, 0)
    assert notice.type == "webhook.disabled.v1"
    assert notice.data == {"webhookId": "w1", "url": "https://example.com/hook", "reason": "gone"}
    assert await store.load(HOOK) is None
    assert await store.subscriptions() == []
    await webhooks.change(HOOK)
    loaded = await store.load(HOOK)
    assert loaded is not None
    assert loaded[0].failures == 0


async def test_who_delivers_is_told_the_networks_of_the_account(
    world: World, webhooks: StoredWebhooks, store: StoredDeliveries
) -> None:
    account = await world.directory.account(OURS)
    assert account is not None
    await world.directory.change_account(replace(account, private_networks=("10.0.0.0/8",)))
    await webhooks.add(HOOK)
    theirs = replace(HOOK, account=THEIRS, id="w2")
    await webhooks.add(theirs)
    assert await store.subscriptions() == [Subscription(HOOK, ("10.0.0.0/8",)), Subscription(theirs, ())]


async def test_what_becomes_of_a_removed_webhook_is_nobodys_business(
    webhooks: StoredWebhooks, store: StoredDeliveries
) -> None:
    assert await store.load(HOOK) is None
    assert not await store.settle(HOOK, Settled(Progress(1), parked=[delivery(1)], attempts=[attempt()]))
    await store.log_attempt(HOOK, attempt())
    await webhooks.add(HOOK)
    assert await webhooks.attempts(OURS, "w1", None, 10) == []


async def test_the_log_and_the_dead_are_bounded(
    webhooks: StoredWebhooks, store: StoredDeliveries, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliveries_module, "MOST_LOGGED", 3)
    monkeypatch.setattr(deliveries_module, "MOST_DEAD", 2)
    await webhooks.add(HOOK)
    for seq in range(1, 6):
        await store.settle(HOOK, Settled(Progress(seq), dead=[delivery(seq)], attempts=[attempt(seq)]))
    assert [number for number, _ in await webhooks.attempts(OURS, "w1", None, 10)] == [5, 4, 3]
    assert [each.seq for each in await webhooks.deliveries(OURS, "w1", dead=True, after=0, limit=9)] == [4, 5]


async def test_an_account_takes_its_webhooks_with_it(world: World, webhooks: StoredWebhooks) -> None:
    await webhooks.add(HOOK)
    await world.directory.remove_account(OURS)
    await world.directory.clear_removed()
    assert await webhooks.webhook(OURS, "w1") is None
