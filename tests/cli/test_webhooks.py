"""Webhooks with commands: from adding one to delivering again what it missed."""

from outdial.calls.webhooks import Attempt, Delivery, Progress, Settled
from outdial.domain.deliveries import Outcome
from outdial.storage.deliveries import StoredDeliveries
from support.api_world import ACCOUNT, NoDeliveries
from support.command_line import Line

OF = ("--account", ACCOUNT)
URL = "https://crm.example.com/outdial"


async def add(line: Line, *words: str) -> str:
    return str((await line.json("webhook", "add", URL, *words, *OF))["id"])


async def test_the_secret_is_shown_once(line: Line) -> None:
    ran = await line.run("webhook", "add", URL, "--type", "call.*", "--type", "agent.*", "--name", "CRM", *OF)
    assert ran.status == 0
    assert "whsec_" in ran.out
    assert "(not shown again)" in ran.out
    [found] = await line.json("webhook", "list", *OF)
    assert (found["types"], found["name"], "secret" in found) == (["call.*", "agent.*"], "CRM", False)
    assert "whsec_" not in (await line.run("webhook", "show", found["id"], *OF)).out


async def test_what_is_given_changes(line: Line) -> None:
    webhook = await add(line)
    changed = await line.json("webhook", "change", webhook, "--disabled", "--type", "call.ended.v1", *OF)
    assert (changed["enabled"], changed["types"]) == (False, ["call.ended.v1"])
    assert (await line.run("webhook", "change", webhook, *OF)).err.startswith("outdial: say what to change")
    removed = await line.run("webhook", "remove", webhook, *OF)
    assert removed.out == f"Webhook {webhook} is gone.\n"
    assert "There is no webhook yet" in (await line.run("webhook", "list", *OF)).out


async def test_a_secret_is_replaced(line: Line) -> None:
    webhook = await add(line, "--signature", "vonage")
    rotated = await line.json("webhook", "rotate-secret", webhook, "--overlap-seconds", "60", *OF)
    assert rotated["secret"].startswith("whsec_")
    assert rotated["previousSecretUntil"] is not None


async def test_a_test_says_what_came_of_it_and_ends_with_1_where_it_failed(line: Line) -> None:
    webhook = await add(line)
    ran = await line.run("webhook", "test", webhook, *OF)
    assert (ran.status, ran.out) == (0, "Delivered: 204 after 7 ms.\n")
    deliveries = line.world.parts.deliveries
    assert isinstance(deliveries, NoDeliveries)
    deliveries.outcome = Outcome(None, "no answer within 10 s", 10_000)
    ran = await line.run("webhook", "test", webhook, *OF)
    assert (ran.status, ran.out) == (1, "Failed: no answer within 10 s, after 10000 ms.\n")


async def test_deliveries_are_shown_and_replayed(line: Line) -> None:
    webhook = await add(line)
    assert "Nothing has been delivered yet." in (await line.run("webhook", "deliveries", webhook, *OF)).out
    found = await line.world.parts.webhooks.webhook(ACCOUNT, webhook)
    assert found is not None
    dead = [Delivery(seq, f"id{seq}", "call.ended.v1", "calls/c", "{}", 17, error="answered 500") for seq in (1, 2)]
    attempt = Attempt(1_795_000_000_000, 1, "id1", "call.ended.v1", 17, Outcome(500, "answered 500", 3))
    await StoredDeliveries(line.world.database).settle(found, Settled(Progress(2), dead=dead, attempts=[attempt]))
    assert "answered 500" in (await line.run("webhook", "deliveries", webhook, *OF)).out
    assert "calls/c" in (await line.run("webhook", "deliveries", webhook, "--state", "dead", *OF)).out
    assert await line.json("webhook", "replay", webhook, "--event", "1", *OF) == {"deadLetters": 1}
    ran = await line.run("webhook", "replay", webhook, *OF)
    assert ran.out == "Tried again at once: 1 dead letters, and what waits.\n"
    ran = await line.run("webhook", "replay", webhook, "--after", "0", *OF)
    assert ran.out == "Events after 0 are delivered again.\n"
