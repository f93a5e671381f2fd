"""Events of real calls, on the stream, at the sandbox's receiver, and in pages: all three tell the same."""

import asyncio
import json
from typing import Any

from standardwebhooks import Webhook as Verifier

from outdial.sandbox import seed
from support.sandbox_world import World, until

EVENTS = f"/v6/{seed.ACCOUNT}/events"
WEBHOOKS = f"/accounts/{seed.ACCOUNT}/webhooks"
HANGS_UP_AFTER_A_SECOND = "020 7946 0008"
AGENT = "2003"
ANSWERED_CALL = [
    "call.placed.v1",
    "call.originator.dialled.v1",
    "agent.state.changed.v1",
    "call.originator.ringing.v1",
    "call.originator.answered.v1",
    "call.destination.dialled.v1",
    "call.destination.answered.v1",
    "call.joined.v1",
    "call.destination.ended.v1",
    "call.originator.ended.v1",
    "call.ended.v1",
]


async def followed(world: World, after: str, call_id: "asyncio.Future[str]") -> list[dict[str, Any]]:
    """What the stream tells of one call, to its end."""
    found: list[dict[str, Any]] = []
    headers = {"Authorization": f"Bearer {world.ready['access_token']}", "Accept": "text/event-stream"}
    async with world.http.get(world.ready["url"] + EVENTS, params={"after": after}, headers=headers) as reply:
        while not found or found[-1]["type"] != "call.ended.v1":
            block = (await reply.content.readuntil(b"\n\n")).decode()
            event = next((json.loads(line[6:]) for line in block.split("\n") if line.startswith("data: ")), None)
            if event is not None and event["data"].get("callId") == await call_id:
                found.append(event)
    return found


async def newest(world: World) -> str:
    """Number of the newest event."""
    page = (await world.ask("GET", f"{EVENTS}?limit=1000")).body
    while page["more"]:
        page = (await world.ask("GET", f"{EVENTS}?limit=1000&after={page['next']}")).body
    return str(page["next"])


async def received(world: World, webhook_path: str) -> list[dict[str, Any]]:
    """What the sandbox's receiver shows of one webhook."""
    async with world.http.get(world.ready["receiver"]) as reply:
        return [each for each in (await reply.json())["deliveries"] if each["path"] == webhook_path]


async def test_stream_webhook_and_pages_tell_a_call_alike(world: World) -> None:
    url = world.ready["receiver"] + "alike"
    added = await world.manage("POST", WEBHOOKS, {"url": url, "types": ["call.*", "agent.state.*"]})
    after = await newest(world)
    placed: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    stream = asyncio.create_task(followed(world, after, placed))
    call_id = await world.dial(AGENT, HANGS_UP_AFTER_A_SECOND)
    placed.set_result(call_id)
    told = await stream

    # A phone may be answered so fast that it is never heard to ring.
    assert [event["type"] for event in told if "ringing" not in event["type"]] == [
        kind for kind in ANSWERED_CALL if "ringing" not in kind
    ]
    ended = told[-1]["data"]
    assert ended["result"] == {"code": "Success", "party": "Destination", "reason": "Normal"}
    assert (ended["hungUpBy"], ended["party"]["number"]) == ("Party", "+442079460008")
    assert ended["createdAt"] <= ended["agentAnsweredAt"] <= ended["joinedAt"] <= ended["endedAt"]

    async def all_received() -> bool:
        return len({each["body"]["id"] for each in await received(world, "/alike")} & ids) == len(ids)

    ids = {event["id"] for event in told}
    await until(all_received, "every event of the call is delivered")
    pages = (await world.ask("GET", f"{EVENTS}?after={after}&limit=1000")).body["events"]
    by_id = {event["id"]: event for event in pages}
    assert [by_id[event["id"]] for event in told] == told
    deliveries = [each for each in await received(world, "/alike") if each["body"]["id"] in ids]
    assert [each["body"] for each in deliveries if each["body"]["subject"] == f"calls/{call_id}"] == [
        event for event in told if event["subject"] == f"calls/{call_id}"
    ]
    for each in deliveries:
        body = json.dumps(each["body"], ensure_ascii=False, separators=(",", ":"))
        Verifier(added["secret"]).verify(body, each["headers"])
    await world.manage("DELETE", f"{WEBHOOKS}/{added['id']}")


async def test_an_agent_who_leaves_and_comes_back_is_told(world: World) -> None:
    after = await newest(world)
    await world.manage("PUT", f"/accounts/{seed.ACCOUNT}/agents/{AGENT}/presence", {"presence": "Break"})
    await world.manage("PUT", f"/accounts/{seed.ACCOUNT}/agents/{AGENT}/presence", {"presence": "Ready"})
    told = (await world.ask("GET", f"{EVENTS}?after={after}&agent={AGENT}")).body["events"]
    assert [(event["type"], event["data"]["state"]) for event in told] == [
        ("agent.presence.changed.v1", "Break"),
        ("agent.state.changed.v1", "Break"),
        ("agent.presence.changed.v1", "Ready"),
        ("agent.state.changed.v1", "Ready"),
    ]
