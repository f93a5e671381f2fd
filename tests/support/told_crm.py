"""An account of the API's world with a CRM, and calls of it that have ended."""

from dataclasses import replace

from outdial.calls.crm import TaskState
from outdial.domain.call import advance
from outdial.domain.crm import CrmSettings, Salesforce
from outdial.domain.events import Faulted
from outdial.domain.notices import notices
from outdial.storage.crm import StoredCrms
from support.api_world import ACCOUNT, ApiWorld

SETTINGS = CrmSettings(ACCOUNT, Salesforce("https://example.my.salesforce.com", "key", "secret"))
_SAID = {TaskState.DEAD: "400 FIELD_CUSTOM_VALIDATION_EXCEPTION: no"}


def stored(world: ApiWorld) -> StoredCrms:
    crms = world.parts.crms
    assert isinstance(crms, StoredCrms)
    return crms


async def tasks_in(world: ApiWorld) -> None:
    """The account has a CRM."""
    await world.parts.crms.put(SETTINGS)


async def ended_tasks(world: ApiWorld, *states: TaskState) -> list[str]:
    """A call that has ended for each state, with its task in it; their ids."""
    settings = await world.parts.crms.crm(ACCOUNT)
    assert settings is not None
    found: list[str] = []
    for state in states:
        response = await world.place()
        assert response.status_code == 201, response.text
        call_id = response.json()["id"]
        await world.client.delete(f"/v6/{ACCOUNT}/calls/{call_id}")
        await world.settled()
        call = await world.store.find(ACCOUNT, call_id)
        assert call is not None
        while call.live:
            after, _ = advance(call, Faulted("a test"), world.time.now())
            await world.store.save(after, notices(call, after, world.time.now()))
            call = after
        await stored(world).take(settings, [(len(found) + 1, call_id)], 0, world.time.now())
        entry = await world.parts.crms.task(ACCOUNT, call_id)
        assert entry is not None
        settled = None if state is TaskState.WAITING else world.time.now()
        entry = replace(entry, state=state, error=_SAID.get(state), settled_at=settled)
        await stored(world).settle(ACCOUNT, entry, world.time.now())
        found.append(call_id)
    return found
