"""A real call of the source page becomes the task that the page shows."""

from typing import Any

from outdial.sandbox import seed
from support.sandbox_world import World, until

CRM = f"/accounts/{seed.ACCOUNT}/crm"


async def test_the_task_of_the_page_s_example_is_in_the_crm_once_to_the_letter(world: World) -> None:
    regarding = {"reference": "0012400000ATTUQ"}
    reply = await world.place(
        {"agentId": "2004", "presentedCLID": "08008888888"},
        {"telephoneNumber": "02072068888"},
        regarding=regarding,
        application="appName",
    )
    await world.hang_up(reply.id)
    await world.ended(reply.id)
    entry: dict[str, Any] = {}

    async def told() -> bool:
        page = await world.manage("GET", f"{CRM}/tasks?state=done")
        entry.update(next((each for each in page["items"] if each["callId"] == reply.id), {}))
        return bool(entry)

    await until(told, "the CRM has the call's task")
    async with world.http.get(world.ready["receiver"] + "tasks") as shown:
        [task] = [each for each in (await shown.json())["tasks"] if each["CallObject"] == reply.id]
    assert task["Subject"] == "Outbound appName call to 02072068888"
    assert (task["WhatId"], task["CallType"], task["Status"]) == ("0012400000ATTUQ", "Outbound", "Completed")
    assert (entry["recordId"], entry["attempts"]) == (task["Id"], 1)
